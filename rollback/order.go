package rollback

import (
	"time"

	"github.com/pushback/pushback/sources"
)

// State is how far an order has come. See the package comment for the moves.
type State string

// The states of an order.
const (
	Proposed  State = "proposed"
	Approved  State = "approved"
	Decided   State = "decided"
	Sending   State = "sending"
	Done      State = "done"
	Failed    State = "failed"
	Unknown   State = "unknown"
	Cancelled State = "cancelled"
	Expired   State = "expired"
	Refused   State = "refused"
)

// Order is the one decision to roll one change back. Key is the change's key:
// there is one order a change, whatever rules ask for it.
type Order struct {
	Key            string         `json:"key"`
	Change         sources.Change `json:"change"`
	Rule           string         `json:"rule"` // the first rule that asked; later ones add evidence
	Hook           string         `json:"hook"`
	Target         string         `json:"target_version"`
	State          State          `json:"state"`
	Epoch          int64          `json:"epoch"`    // the slot's generation when it was made
	Claim          int64          `json:"claim"`    // how often sending was entered
	Evidence       []byte         `json:"evidence"` // the verdict, JSON, as it was when decided
	CreatedAt      time.Time      `json:"created_at"`
	ExpiresAt      time.Time      `json:"expires_at,omitzero"`
	DecidedAt      time.Time      `json:"decided_at,omitzero"`
	SentAt         time.Time      `json:"sent_at,omitzero"`
	EndedAt        time.Time      `json:"ended_at,omitzero"`
	Actor          string         `json:"actor,omitempty"` // who approved, rejected or cancelled
	Why            string         `json:"why,omitempty"`   // the refusal, failure or rejection, for people
	Receipt        *Receipt       `json:"receipt,omitempty"`
	Verification   *Verification  `json:"verification,omitempty"`   // nil: not looked at, or not yet
	SuspendedUntil time.Time      `json:"suspended_until,omitzero"` // a newer change of the slot is rolling
	Automatic      bool           `json:"automatic"`                // the rule acts by itself; false: a person must approve
	Tell           []string       `json:"tell,omitempty"`           // receivers who hear how it went
}
