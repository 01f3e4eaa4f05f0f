package watch

import (
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Watch is one change under one rule. RuleText, Plan and Inputs are fixed when
// it begins, so that an edit of the rule changes no running watch.
type Watch struct {
	ID        string            `json:"id"` // ChangeKey + "." + Rule
	ChangeKey string            `json:"change_key"`
	Team      string            `json:"team"`
	Rule      string            `json:"rule"`
	RuleHash  string            `json:"rule_hash"`
	RuleText  string            `json:"rule_text"`
	Runbook   string            `json:"runbook,omitempty"` // an http address: what people should read
	State     State             `json:"state"`
	Grade     detector.Grade    `json:"grade"`
	Reason    detector.Reason   `json:"reason,omitempty"`
	Revision  int64             `json:"revision"`             // grows with every stored transition; what compare-and-swap compares
	BaseAt    time.Time         `json:"base_at"`              // where the before window ends: StartedAt, or a suspect predecessor's
	OwnBaseAt time.Time         `json:"own_base_at,omitzero"` // where it would end by the change alone: ticks between BaseAt and here are a predecessor's; zero: none are read
	PriorAt   time.Time         `json:"prior_at,omitzero"`    // when the version before the change had settled; zero: not known
	Settle    time.Duration     `json:"settle"`
	Bake      time.Duration     `json:"bake"`
	Every     time.Duration     `json:"every"`
	Next      time.Time         `json:"next"`           // the next look
	From      time.Time         `json:"from,omitzero"`  // FinishedAt + settle, once known
	Until     time.Time         `json:"until,omitzero"` // From + bake
	After     time.Time         `json:"after,omitzero"` // of a recovery watch: when the rollback was done
	Plan      detector.Plan     `json:"plan"`
	Inputs    []Input           `json:"inputs,omitempty"`    // one a signal of Plan; empty until resolved
	Profiles  map[string]string `json:"profiles,omitempty"`  // signal → hash of its stored profile
	Responded []int             `json:"responded,omitempty"` // lines of `respond` already answered
	Acts      bool              `json:"acts"`                // false: our own rollback's echo, or a site rule — observed only
	EndedAt   time.Time         `json:"ended_at,omitzero"`
	LikelyAt  time.Time         `json:"likely_at,omitzero"` // since when the grade is likely or more
	Grades    []GradeAt         `json:"grades,omitempty"`   // each grade that it had, oldest first; none before the first that is not none
}

// GradeAt is a grade that a watch took, and when.
type GradeAt struct {
	At    time.Time      `json:"at"`
	Grade detector.Grade `json:"grade"`
}

// maxGrades bounds how many changes of its grade a watch remembers. Three are usual; more come from a
// signal that gets worse and better in turns.
const maxGrades = 20

// withGrade returns the watch with a grade, and remembers the grade where it is another one than before. That it fired is
// remembered even where that is one grade too many.
func (w Watch) withGrade(grade detector.Grade, now time.Time) Watch {
	kept := w.Grades
	if len(kept) == maxGrades && grade >= detector.Likely && !w.Fired() {
		kept = kept[:maxGrades-1]
	}
	if grade != w.Grade && len(kept) < maxGrades {
		w.Grades = append(slices.Clip(kept), GradeAt{At: now, Grade: grade})
	}
	w.Grade = grade
	return w
}

// Store names the metric store of the watch: "" is the default one, which is asked until the
// inputs are known.
func (w Watch) Store() string {
	if len(w.Inputs) == 0 {
		return ""
	}
	return w.Inputs[0].Store
}

// SettleFrom is when settling begins: when the rollout of the change had finished,
// or for a recovery watch, when the rollback was done. Zero: it still rolls.
func (w Watch) SettleFrom(c sources.Change) time.Time {
	if !w.After.IsZero() {
		return w.After
	}
	return c.FinishedAt
}

// Fired reports whether the watch was ever likely or certain: a transient verdict lowers the grade again.
func (w Watch) Fired() bool {
	return w.Grade >= detector.Likely || slices.ContainsFunc(w.Grades, func(g GradeAt) bool { return g.Grade >= detector.Likely })
}

// Recovery is the recovery watch, which begins when a change was rolled back:
// the same rule, compared with the same before window, from the rollback on. It
// never acts.
//
// See adr/0032.
func (w Watch) Recovery(rolledBackAt, now time.Time) Watch {
	return Watch{
		ID: w.ID + ".after", ChangeKey: w.ChangeKey, Team: w.Team, Rule: w.Rule, RuleHash: w.RuleHash, RuleText: w.RuleText, Runbook: w.Runbook,
		State: Waiting, BaseAt: w.BaseAt, OwnBaseAt: w.OwnBaseAt, PriorAt: w.PriorAt, Settle: w.Settle, Bake: w.Bake, Every: w.Every, Next: now, After: rolledBackAt,
		Plan: w.Plan, Inputs: w.Inputs, Profiles: w.Profiles,
	}
}

// SawNothing reports whether a watch has ended without anything to look at, and its rule says
// with if_unmatched that this is as it should be: a rule for every service, of which this one has
// no series.
func (w Watch) SawNothing() bool {
	return w.State == Inconclusive && w.Reason == detector.UnmatchedSeries && len(w.Plan.Signals) > 0 &&
		!slices.ContainsFunc(w.Plan.Signals, func(s detector.Signal) bool { return !s.SkipUnmatched || s.Needed })
}
