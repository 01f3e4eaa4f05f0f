package api

import (
	"encoding/json"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// Order is the one decision to roll one change back.
type Order struct {
	Key            string                 `json:"key" doc:"The change's key; also the idempotency key of the hook"`
	Change         sources.Change         `json:"change"`
	Rule           string                 `json:"rule"`
	Hook           string                 `json:"hook"`
	Target         string                 `json:"target_version"`
	State          string                 `json:"state" enum:"proposed,approved,decided,sending,done,failed,unknown,cancelled,expired,refused"`
	Epoch          int64                  `json:"epoch"`
	Claim          int64                  `json:"claim"`
	Evidence       json.RawMessage        `json:"evidence,omitempty" doc:"The verdict as it was when the order was made"`
	CreatedAt      time.Time              `json:"created_at"`
	ExpiresAt      time.Time              `json:"expires_at,omitzero"`
	DecidedAt      time.Time              `json:"decided_at,omitzero"`
	SentAt         time.Time              `json:"sent_at,omitzero"`
	SentBy         string                 `json:"sent_by,omitempty" doc:"The replica that claimed it last, to call the hook"`
	EndedAt        time.Time              `json:"ended_at,omitzero"`
	Actor          string                 `json:"actor,omitempty"`
	Why            string                 `json:"why,omitempty"`
	Receipt        *rollback.Receipt      `json:"receipt,omitempty"`
	Verification   *rollback.Verification `json:"verification,omitempty" doc:"What was found running after the hook had reported done"`
	SuspendedUntil time.Time              `json:"suspended_until,omitzero"`
}

// Orders is the list of orders, newest first.
type Orders struct {
	Orders []Order `json:"orders"`
}

// Decision is a person's decision on a proposed order, a hold, or a bad change.
type Decision struct {
	Actor string `json:"actor,omitempty" maxLength:"200" doc:"Who decides: a name, for the journal. Whoever signed in is named by that instead, and a named token beside it"`
	Why   string `json:"why,omitempty" maxLength:"1000" doc:"The reason, in one line; expected for a rejection"`
}
