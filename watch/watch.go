package watch

import (
	"cmp"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// State is where a watch stands. See the package comment for the moves.
type State string

// The two open states and the five final ones.
const (
	Waiting      State = "waiting"
	Watching     State = "watching"
	Healthy      State = "healthy"
	Regressed    State = "regressed"
	Inconclusive State = "inconclusive"
	Blind        State = "blind"
	Superseded   State = "superseded"
)

// Open says whether a watch in this state still looks.
func (s State) Open() bool { return s == Waiting || s == Watching }

// Watch is one change under one rule. RuleText, Plan and Inputs are fixed when
// it begins, so that an edit of the rule changes no running watch.
type Watch struct {
	ID        string            `json:"id"` // ChangeKey + "." + Rule
	ChangeKey string            `json:"change_key"`
	Team      string            `json:"team"`
	Rule      string            `json:"rule"`
	RuleHash  string            `json:"rule_hash"`
	RuleText  string            `json:"rule_text"`
	Runbook   string            `json:"runbook,omitempty"` // what the rule tells people to read
	State     State             `json:"state"`
	Grade     detector.Grade    `json:"grade"`
	Reason    detector.Reason   `json:"reason,omitempty"`
	Revision  int64             `json:"revision"` // grows with every stored move; what compare-and-swap compares
	BaseAt    time.Time         `json:"base_at"`  // where before ends: StartedAt, or a suspect predecessor's
	Settle    time.Duration     `json:"settle"`
	Bake      time.Duration     `json:"bake"`
	Every     time.Duration     `json:"every"`
	Next      time.Time         `json:"next"`           // the next look
	From      time.Time         `json:"from,omitzero"`  // FinishedAt + settle, once known
	Until     time.Time         `json:"until,omitzero"` // From + bake
	After     time.Time         `json:"after,omitzero"` // set where the watch asks whether a rollback helped: when that was done
	Plan      detector.Plan     `json:"plan"`
	Inputs    []Input           `json:"inputs,omitempty"`    // one a signal of Plan; empty until resolved
	Profiles  map[string]string `json:"profiles,omitempty"`  // signal → hash of its stored profile
	Responded []int             `json:"responded,omitempty"` // lines of `respond` already answered
	Acts      bool              `json:"acts"`                // false: our own rollback's echo, or a site rule — observed only
	EndedAt   time.Time         `json:"ended_at,omitzero"`
	LikelyAt  time.Time         `json:"likely_at,omitzero"` // since when the grade is likely or more
}

// Input says where one signal's numbers come from, $match and the like
// already filled in: the queries a look runs, and how Tally reads the answers.
type Input struct {
	Signal  string        `json:"signal"`
	Store   string        `json:"store"`
	Form    Form          `json:"form"`
	Value   sources.Query `json:"value,omitzero"`    // level; total of counts; _sum of a mean
	Part    sources.Query `json:"part,omitzero"`     // bad of counts; _count of a mean; the bucket of a slow fraction
	OnlyIf  sources.Query `json:"only_if,omitzero"`  // judged only in ticks in which this has a value other than 0
	Edge    float64       `json:"edge,omitempty"`    // native slow fraction: the bound, in the histogram's unit
	Buckets string        `json:"buckets,omitempty"` // of a classic histogram's mean: selects its buckets, for quantiles that people see
	Of      Whole         `json:"of,omitzero"`       // of a part: where it is found among the answers about the whole

	Control *Arm `json:"control,omitempty"` // where the signal's control comes from, in the same form
}

// Arm is where one arm's numbers come from: a signal's control.
type Arm struct {
	Value sources.Query `json:"value,omitzero"`
	Part  sources.Query `json:"part,omitzero"`
}

// Companion is the input of the control alone.
func (in Input) Companion() Input {
	in.Value, in.Part, in.Control, in.Of, in.Buckets = in.Control.Value, in.Control.Part, nil, Whole{}, ""
	return in
}

// Whole is what to ask for so that one answer serves all parts of a signal. A
// part's own expressions ask for it alone, for people who want to see it.
type Whole struct {
	Value string `json:"value"` // the whole's expressions
	Part  string `json:"part,omitempty"`
	Label string `json:"label"` // whose value tells the part
	Is    string `json:"is"`
}

// Form is how raw series become ticks.
type Form = detector.Form

// The forms of Input. Native histograms need Value alone.
const (
	FormLevel      = detector.FormLevel
	FormCounts     = detector.FormCounts
	FormRatio      = detector.FormRatio
	FormMean       = detector.FormMean
	FormSlow       = detector.FormSlow
	FormNativeMean = detector.FormNativeMean
	FormNativeSlow = detector.FormNativeSlow
)

// Facts is what Advance is told of the change at this moment.
type Facts struct {
	Now        time.Time
	Change     sources.Change
	Superseded bool              // a newer change of the slot succeeded
	UndoneAt   time.Time         // when our own rollback of the change was done; zero: it was not
	Verdict    *detector.Verdict // nil: there was no look
	Confounded bool              // another change is as likely the cause of what Verdict saw
}

// Reason is the code that people are told, "" for none. What is known of the
// change itself goes before what its signals give, which stays beside each of
// them: it says what their numbers are worth. Nobody else is suspected of what
// has gone by itself, nor of what the store did not show.
func (f Facts) Reason() detector.Reason {
	switch v := f.Verdict; {
	case f.Change.Status == sources.Failed:
		return detector.FailedRollout
	case v == nil:
		return ""
	case f.Confounded && v.Grade >= detector.Suspect && v.Outcome != detector.Blind && v.Reason != detector.Transient:
		return detector.Confounded
	}
	return f.Verdict.Reason
}

// MaxRolling is how long a change may roll before its watch gives up on
// hearing the end of it.
const MaxRolling = 2 * time.Hour

// Advance gives the watch as it stands after this moment. It never lowers a
// grade but for transient, and never leaves a final state.
func Advance(w Watch, f Facts) Watch {
	if !w.State.Open() {
		return w
	}
	if !f.UndoneAt.IsZero() && w.After.IsZero() {
		// What is measured from here on speaks for the rollback, not for the
		// change: a second watch looks at that.
		return w.end(Regressed, detector.RolledBack, f.Now)
	}
	if f.Superseded {
		return w.end(Superseded, detector.Superseded, f.Now)
	}
	w = w.schedule(f)
	if w.From.IsZero() && f.Now.Sub(f.Change.StartedAt) > max(MaxRolling, w.Bake) {
		return w.end(Inconclusive, detector.RollingNeverEnded, f.Now)
	}
	if w.State == Waiting && !f.Now.Before(f.Change.StartedAt) {
		w.State = Watching
	}
	if f.Verdict == nil {
		w.Reason = cmp.Or(f.Reason(), w.Reason)
		return w
	}
	w.Grade, w.Reason = regrade(w.Grade, *f.Verdict), f.Reason()
	switch {
	case w.Grade < detector.Likely:
		w.LikelyAt = time.Time{}
	case w.LikelyAt.IsZero():
		w.LikelyAt = f.Now
	}
	if w.over(f.Now) {
		return w.end(final(*f.Verdict), w.Reason, f.Now)
	}
	return w
}

// schedule learns the end of the rollout and sets the next look, on the grid
// of Every so that watches with equal queries ask together.
func (w Watch) schedule(f Facts) Watch {
	if done := w.Began(f.Change); w.From.IsZero() && !done.IsZero() {
		w.From = done.Add(w.Settle)
		w.Until = w.From.Add(w.Bake)
	}
	w.Next = f.Now.Truncate(w.Every).Add(w.Every)
	if !w.Until.IsZero() && f.Now.Before(w.Until) && w.Next.After(w.Until) {
		w.Next = w.Until
	}
	return w
}

// Began is when what the watch is about was through, and settling begins: the
// change itself, or its rollback. Zero: it still rolls.
func (w Watch) Began(c sources.Change) time.Time {
	if !w.After.IsZero() {
		return w.After
	}
	return c.FinishedAt
}

// Recovery is the second watch, begun when a change was rolled back: the same
// rule, against the same time before, from the rollback on. It never acts.
func (w Watch) Recovery(undone, now time.Time) Watch {
	return Watch{
		ID: w.ID + ".after", ChangeKey: w.ChangeKey, Team: w.Team, Rule: w.Rule, RuleHash: w.RuleHash, RuleText: w.RuleText, Runbook: w.Runbook,
		State: Waiting, BaseAt: w.BaseAt, Settle: w.Settle, Bake: w.Bake, Every: w.Every, Next: now, After: undone,
		Plan: w.Plan, Inputs: w.Inputs, Profiles: w.Profiles,
	}
}

// over says whether the bake has ended.
func (w Watch) over(now time.Time) bool { return !w.Until.IsZero() && !now.Before(w.Until) }

func (w Watch) end(s State, r detector.Reason, now time.Time) Watch {
	w.State, w.Reason, w.EndedAt, w.Next = s, r, now, time.Time{}
	return w
}

// regrade keeps the higher grade: p may tremble, what was seen was seen. A
// transient verdict is the one exception, because it says that what was seen
// has gone by itself.
func regrade(old detector.Grade, v detector.Verdict) detector.Grade {
	if v.Reason == detector.Transient {
		return v.Grade
	}
	return max(old, v.Grade)
}

// final maps the last verdict to a final state. Anything not earned is
// inconclusive.
func final(v detector.Verdict) State {
	switch v.Outcome {
	case detector.Healthy:
		return Healthy
	case detector.Regressed:
		return Regressed
	case detector.Blind:
		return Blind
	}
	return Inconclusive
}

// Expr is the query that reproduces the numbers of a look in the store's own
// user interface: what Pushback does with raw counters, said in PromQL.
func (in Input) Expr(tick time.Duration) string {
	increase := func(q sources.Query) string {
		return fmt.Sprintf("sum(increase(%s[%dms]))", q.Expr, tick.Milliseconds())
	}
	switch in.Form {
	case FormRatio:
		return fmt.Sprintf("(%s) / (%s)", in.Part.Expr, in.Value.Expr)
	case FormCounts:
		return increase(in.Part) + " / " + increase(in.Value)
	case FormMean:
		return increase(in.Value) + " / " + increase(in.Part)
	case FormSlow:
		return "1 - " + increase(in.Part) + " / " + increase(in.Value)
	case FormNativeMean:
		return "histogram_avg(" + increase(in.Value) + ")"
	case FormNativeSlow:
		return fmt.Sprintf("histogram_fraction(%g, +Inf, %s)", in.Edge, increase(in.Value))
	}
	return in.Value.Expr
}
