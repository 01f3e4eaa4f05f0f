package rollback

import (
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Situation is all that Permit considers besides the order. It describes the
// time right before sending, not the time when the order was made: whoever fills
// it reads everything again. The zero Situation permits nothing.
type Situation struct {
	Now     time.Time        `json:"now"`
	Change  sources.Change   `json:"change"`           // as it is stored now; the order's copy may be older
	Target  LiveVersion      `json:"target"`           // what Target returns now
	Verdict detector.Verdict `json:"verdict,omitzero"` // the verdict that the order was decided on, so that every attempt sends the same body
	Present *Present         `json:"present,omitzero"` // what the rule has found since; nil: nothing newer is known

	Superseded  bool   `json:"superseded"`            // true: a newer change of the slot succeeded
	SuspendedBy string `json:"suspended_by,omitzero"` // the newer change of the slot that is rolling out; "" for none
	Epoch       int64  `json:"epoch"`                 // the slot's epoch now
	FirstEver   bool   `json:"first_ever,omitzero"`   // true: no earlier change of the slot is known

	BeganAt    time.Time     `json:"began_at,omitzero"`    // the earliest time at which the change can have reached production; zero: Change.StartedAt
	JudgedFrom time.Time     `json:"judged_from,omitzero"` // when the change had settled; zero: the end of its rollout
	Onset      Onset         `json:"onset,omitzero"`       // when the verdict's worst signals turned bad
	Tick       time.Duration `json:"tick,omitzero"`        // the length of a tick of the verdict
	Suspects   []Suspect     `json:"suspects,omitzero"`    // the other changes that may be the cause

	RuleActs    bool    `json:"acts"`            // the effective mode of the rule is act, after rule trust and the operators' cap
	Approved    bool    `json:"approved"`        // a person approved this order
	HookKnown   bool    `json:"hook_known"`      // pushback.yml has the hook of the order
	HookAborts  bool    `json:"aborts,omitzero"` // the hook can abort a rollout that is under way
	HookBinding Binding `json:"bound,omitzero"`  // who may use the hook
	HookChecks  []Check `json:"checks,omitzero"` // what the hook's preflight found; nil if it was not asked or has none

	Frozen    bool   `json:"frozen"`              // the freeze file exists, or could not be read
	FrozenWhy string `json:"frozen_why,omitzero"` // the reason in the freeze file
	Window    string `json:"window,omitzero"`     // the operators' freeze window that is in force; "" for none
	Fleet     string `json:"fleet,omitzero"`      // why all automatic rollbacks are held; "" if they are not

	RecentRollbacks int    `json:"recent"` // automatic rollbacks of this service, environment and region sent within Limits.Cooldown, without this order
	Limits          Limits `json:"limits"`

	RestoredAt      time.Time `json:"restored_at,omitzero"`      // when the database was last restored from a backup; zero for never
	TargetUncertain bool      `json:"target_uncertain,omitzero"` // the target was live before the restore, and the deploy tool does not name it
}

// Refusal is one reason against a rollback. Why is for people; messages and pages
// show it unchanged.
type Refusal struct {
	Guard Guard  `json:"guard"`
	Why   string `json:"why"`
}

// Temporary reports whether the reason may go away by itself, so that the order
// waits instead of being refused: a newer change that is rolling out may fail,
// the rollout of the change itself will end, a hold may be released, a deploy
// tool may become reachable, and harm that has gone may come back.
func (r Refusal) Temporary() bool {
	switch r.Guard {
	case GuardPresent, GuardSuspended, GuardPartial, GuardFleet, GuardReach:
		return true
	}
	return false
}

// Waivable reports whether a person's approval answers the reason. These guards
// stop Pushback where it may repeat itself, or cannot tell what a person can. All
// other guards are about facts, which approval does not change; a person who
// knows that such a fact is wrong can roll back by hand.
//
// See adr/0037.
func (r Refusal) Waivable() bool {
	switch r.Guard {
	case GuardMode, GuardWindow, GuardFleet, GuardWeak, GuardBefore, GuardConfounded, GuardCooldown, GuardRestored:
		return true
	}
	return false
}

// Remedy is how an order goes on after a refusal.
type Remedy int

// The three remedies. An order ends unless every refusal is temporary or waivable.
const (
	RemedyNone Remedy = iota // the order ends
	RemedyWait               // the order waits: some refusal is temporary, and approval would not help until it is gone
	RemedyAsk                // a person is asked: approval answers every refusal
)

// RemedyOf returns how an order with these refusals goes on. An order that can
// wait and could also be asked about waits: the end of a newer change may make
// the question unnecessary.
func RemedyOf(refusals []Refusal) Remedy {
	remedy := RemedyAsk
	for _, r := range refusals {
		switch {
		case r.Temporary():
			remedy = RemedyWait
		case !r.Waivable():
			return RemedyNone
		}
	}
	return remedy
}

// Permit asks every guard. It returns the warrant, or every refusal in the order
// of the guards. It asks the remaining guards after a refusal too, so that people
// see everything that would have to change.
func Permit(o Order, s Situation) (Warrant, []Refusal) {
	if o.State == Sending {
		s.Present = nil // what is being sent may itself be why the harm has gone
	}
	var refusals []Refusal
	for _, g := range guards {
		if why := g.check(o, s); why != "" {
			refusals = append(refusals, Refusal{g.name, why})
		}
	}
	if len(refusals) > 0 {
		return Warrant{}, refusals
	}
	body, err := encodeBrief(o, s.Verdict)
	if err != nil {
		return Warrant{}, []Refusal{{GuardEvidence, err.Error()}}
	}
	return Warrant{order: o, body: body}, nil
}
