package rollback

import (
	"fmt"
	"time"
)

// Verified is what became of looking at what runs, once a hook had said done.
type Verified string

// The ends of looking. An order without a Verification is being looked at, or
// its hook cannot look.
const (
	Seen      Verified = "seen"      // the target runs
	Unseen    Verified = "unseen"    // it does not, and there was time enough
	Unseeable Verified = "unseeable" // nothing says where to look
	Overtaken Verified = "overtaken" // something newer came first, so that nothing can be said any more
)

// Verification is what was seen of a rollback that a hook called done. A
// receipt is what the hook says of itself; this is what somebody else sees.
type Verification struct {
	State    Verified  `json:"state"`
	At       time.Time `json:"at"`
	Sighting Sighting  `json:"sighting,omitzero"` // the last one, if there was any
	Why      string    `json:"why,omitempty"`     // why there was none
}

// String is the verification in a few words, for people.
func (v Verification) String() string {
	switch v.State {
	case Seen:
		return "seen running"
	case Unseen:
		return "NOT seen running: " + v.last()
	case Unseeable:
		return "not verified: " + v.Why
	case Overtaken:
		return "overtaken by a newer change before it was seen"
	}
	return string(v.State)
}

// last is what was seen instead.
func (v Verification) last() string {
	switch s := v.Sighting; {
	case s.At.IsZero():
		return v.Why
	case s.Running == "":
		return "nobody says which version runs"
	case s.Detail == "":
		return fmt.Sprintf("%q runs", s.Running)
	default:
		return fmt.Sprintf("%q runs, %s", s.Running, s.Detail)
	}
}
