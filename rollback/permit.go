package rollback

import (
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Situation is all that Permit looks at beside the order. Whoever fills it
// reads everything anew right before sending: it is about this moment, not
// about when the order was made. The zero Situation permits nothing.
type Situation struct {
	Now     time.Time
	Change  sources.Change   // as it stands now; the order's copy may be older
	Target  Live             // what Target gives now
	Verdict detector.Verdict // the one the order was decided on, so that every try has the same body

	Superseded  bool   // a newer change of the slot succeeded
	SuspendedBy string // the newer change of the slot that is rolling; "" for none
	Epoch       int64  // the slot's generation now
	FirstEver   bool   // no earlier change of the slot is known

	Acts      bool // the effective mode of the rule, after trust and the operator's cap, is act
	Approved  bool // a person approved this very order
	HookKnown bool // pushback.yml has the hook the order names

	Frozen    bool   // the freeze file exists, or could not be read
	FrozenWhy string // what it says

	Recent int           // automatic rollbacks sent for this service, environment and region within Per, this order not counted
	Per    time.Duration // what Recent was counted over, for the reason's text; 0: RecentWindow
}

// What the guards measure time by.
const (
	RecentWindow = 6 * time.Hour // one automatic rollback a service, environment and region in this time
	MaxAge       = 2 * time.Hour // how long after its end a change may be rolled back
)

// Refusal is one reason against, for people: it goes into the message and the
// page as it is.
type Refusal struct {
	Guard Guard  `json:"guard"`
	Why   string `json:"why"`
}

// Passing says whether the reason may go away by itself, so that the order
// waits instead of being refused: a newer change that is still rolling may fail.
func (r Refusal) Passing() bool { return r.Guard == GuardSuspended }

// Permit asks every guard and gives either the warrant or every reason
// against, in the order of the guards. Nothing is skipped once one has
// refused: people are to see all that would have to change.
func Permit(o Order, s Situation) (Warrant, []Refusal) {
	var refusals []Refusal
	for _, g := range guards {
		if why := g.ask(o, s); why != "" {
			refusals = append(refusals, Refusal{g.name, why})
		}
	}
	if len(refusals) > 0 {
		return Warrant{}, refusals
	}
	body, err := encode(o, s.Verdict)
	if err != nil {
		return Warrant{}, []Refusal{{GuardEvidence, err.Error()}}
	}
	return Warrant{order: o, body: body}, nil
}
