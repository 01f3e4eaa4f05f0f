package rollback

import (
	"github.com/pushback/pushback/sources"
)

// Plan is which change would be rolled back and to which version. Anybody may
// make one, because nothing can be done with it: a Hook acts on a Warrant, which
// only Permit makes. The zero Plan is about no change; with it, a preflight
// checks only what does not depend on the change.
type Plan struct {
	Change sources.Change
	Target string // the version to go back to
}

// Plan is the plan that the warrant permits.
func (w Warrant) Plan() Plan { return Plan{Change: w.order.Change, Target: w.order.Target} }

// Plan is the plan that the order asks for.
func (o Order) Plan() Plan { return Plan{Change: o.Change, Target: o.Target} }

// Known reports whether the plan is about a change.
func (p Plan) Known() bool { return p.Change.Service != "" }

// Preview is what a hook would do, in words for people. No step holds a secret.
type Preview struct {
	AlreadyLive bool     `json:"settled"`         // the target is live already: Do would send nothing
	Steps       []string `json:"steps"`           // what Do would send, in order, one call in each line
	Notes       []string `json:"notes,omitempty"` // what people should know before they trust this hook
}
