package rollback

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/sources"
)

// Plan is a rollback thought through and not ordered: which change, and back
// to what. Anybody may make one, because nothing can be done with it: a Hook
// acts on a Warrant alone, and only Permit makes that. The zero Plan is about
// no change; what a hook can check without one, it checks.
type Plan struct {
	Change sources.Change
	Target string // the version to go back to
}

// Plan is what a warrant gives leave to do, for looking and not for doing.
func (w Warrant) Plan() Plan { return Plan{Change: w.order.Change, Target: w.order.Target} }

// Plan is what an order asks for.
func (o Order) Plan() Plan { return Plan{Change: o.Change, Target: o.Target} }

// Known says whether the plan is about a change at all.
func (p Plan) Known() bool { return p.Change.Service != "" }

// Check is one thing that preflight looked at. It is fine where Problem and
// Skipped are empty.
type Check struct {
	What    string `json:"what"`
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Skipped string `json:"skipped,omitempty"` // why nothing can be said: a plan is needed, or nobody tells us
	Passing bool   `json:"passing,omitempty"` // the problem may go away by itself: the other side does not answer
}

// Problems are the checks that speak against acting.
func Problems(checks []Check) (bad []Check) {
	for _, c := range checks {
		if c.Problem != "" {
			bad = append(bad, c)
		}
	}
	return bad
}

// String is the check in one line, for messages and logs.
func (c Check) String() string {
	switch {
	case c.Problem == "" && c.Skipped == "":
		return c.What
	case c.Problem == "":
		return fmt.Sprintf("%s: not checked: %s", c.What, c.Skipped)
	case c.Hint == "":
		return fmt.Sprintf("%s: %s", c.What, c.Problem)
	}
	return fmt.Sprintf("%s: %s (%s)", c.What, c.Problem, c.Hint)
}

// Preview is what a hook would do, in words for people. No step holds a secret.
type Preview struct {
	Settled bool     `json:"settled"`         // the target is live already: Do would send nothing
	Steps   []string `json:"steps"`           // what Do would send, one act a line, in order
	Notes   []string `json:"notes,omitempty"` // what people should know before they trust this hook
}

// Sighting is what a Verifier saw running. Its zero value has seen nothing.
type Sighting struct {
	At      time.Time `json:"at,omitzero"`
	Settled bool      `json:"settled"`           // the target is what runs
	Running string    `json:"running,omitempty"` // the version that runs, as the other side calls it
	Detail  string    `json:"detail,omitempty"`
}

// Unverifiable is the error of a Verify that cannot look, because nothing in
// the configuration says where. It is no sign of anything.
type Unverifiable struct{ Why string }

// Error says what is missing.
func (u *Unverifiable) Error() string { return "cannot look at what runs: " + u.Why }
