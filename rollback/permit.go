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
	Now     time.Time        `json:"now"`
	Change  sources.Change   `json:"change"`           // as it stands now; the order's copy may be older
	Target  Live             `json:"target"`           // what Target gives now
	Verdict detector.Verdict `json:"verdict,omitzero"` // the one the order was decided on, so that every try has the same body

	Superseded  bool   `json:"superseded"`            // a newer change of the slot succeeded
	SuspendedBy string `json:"suspended_by,omitzero"` // the newer change of the slot that is rolling; "" for none
	Epoch       int64  `json:"epoch"`                 // the slot's generation now
	FirstEver   bool   `json:"first_ever,omitzero"`   // no earlier change of the slot is known

	BeganAt  time.Time     `json:"began_at,omitzero"` // the earliest moment the change can have touched production; zero: its StartedAt
	BaseAt   time.Time     `json:"base_at,omitzero"`  // where the time before ends that it was judged against: a predecessor's, where that was suspect; zero: BeganAt
	Onset    Onset         `json:"onset,omitzero"`    // when the verdict's worst signals broke
	Tick     time.Duration `json:"tick,omitzero"`     // what time was cut into for the verdict
	Suspects []Suspect     `json:"suspects,omitzero"` // the other changes that could have done it

	Acts      bool    `json:"acts"`            // the effective mode of the rule, after trust and the operator's cap, is act
	Approved  bool    `json:"approved"`        // a person approved this very order
	HookKnown bool    `json:"hook_known"`      // pushback.yml has the hook the order names
	Aborts    bool    `json:"aborts,omitzero"` // it can stop a rollout that is half-way
	Checks    []Check `json:"checks,omitzero"` // what it found when it looked; nil where it has not, or cannot

	Frozen    bool   `json:"frozen"`              // the freeze file exists, or could not be read
	FrozenWhy string `json:"frozen_why,omitzero"` // what it says
	Window    string `json:"window,omitzero"`     // the operators' freeze window that holds now; "" for none
	Fleet     string `json:"fleet,omitzero"`      // why all automatic rollbacks are held; "" while they are not

	Recent int    `json:"recent"` // automatic rollbacks sent for this service, environment and region within Limits.RollbacksPer, this order not counted
	Limits Limits `json:"limits"`
}

// Refusal is one reason against, for people: it goes into the message and the
// page as it is.
type Refusal struct {
	Guard Guard  `json:"guard"`
	Why   string `json:"why"`
}

// Passing says whether the reason may go away by itself, so that the order
// waits instead of being refused: a newer change that is rolling may fail, this
// one's own rollout will end, a hold be released, a deploy tool come back.
func (r Refusal) Passing() bool {
	switch r.Guard {
	case GuardSuspended, GuardPartial, GuardFleet, GuardReach:
		return true
	}
	return false
}

// Waivable says whether a person's approval answers the reason. Those guards
// stop a machine that may be running in circles, or that cannot tell what a
// person may see. All others speak of facts; whoever knows better than a fact
// can roll back by hand, where no wrong fact is involved.
//
// See adr/0037.
func (r Refusal) Waivable() bool {
	switch r.Guard {
	case GuardMode, GuardWindow, GuardFleet, GuardBefore, GuardConfounded, GuardRecent:
		return true
	}
	return false
}

// Remedy is what may become of an order that was refused.
type Remedy int

// The three ways on. An order is refused for good unless every reason allows
// for more.
const (
	None Remedy = iota // it is over
	Wait               // some reason may pass by itself, and approving would not help until then
	Ask                // a person may answer every reason
)

// RemedyOf says what becomes of an order with these refusals. Waiting comes
// before asking: while a newer change rolls nobody need be woken for what its
// end may settle.
func RemedyOf(refusals []Refusal) Remedy {
	remedy := Ask
	for _, r := range refusals {
		switch {
		case r.Passing():
			remedy = Wait
		case !r.Waivable():
			return None
		}
	}
	return remedy
}

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
