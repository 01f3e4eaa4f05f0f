package ruletest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/backtest"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// Failure is one expectation that was not met.
type Failure struct {
	Line        int          `json:"line"`
	Rule        string       `json:"rule"`
	When        string       `json:"when"` // "10m after the change"
	Differences []Difference `json:"differences"`
	Evidence    []string     `json:"seen,omitempty"` // one line for each signal, with its numbers
}

// Difference is one key of an expectation, with its expected and its actual value.
type Difference struct {
	Key  string `json:"key"`
	Want string `json:"want"`
	Got  string `json:"got"`
}

// actual is the state of a watch at one time, and the responses until then.
type actual struct {
	state    watch.State
	grade    detector.Grade
	verdict  detector.Verdict
	told     []string
	rollback *rules.Intent
}

// compare compares one expectation with the replays.
func (t test) compare(e expectation, set *rules.Set, replays []backtest.Replay) Failure {
	f := Failure{Line: e.line, Rule: e.Rule, When: "at the end of the bake"}
	if e.After != nil {
		f.When = e.After.String() + " after the change"
	}
	i := slices.IndexFunc(replays, func(r backtest.Replay) bool { return r.Rule.Name == e.Rule })
	if i < 0 {
		f.notWatched(e, set)
		return f
	}
	if e.Watched != nil && !*e.Watched {
		f.differ("watched", "false", "true")
		return f
	}
	needed := replays[i].Rule.Settle + replays[i].Rule.Bake
	if e.After != nil {
		needed = min(needed, time.Duration(*e.After))
	}
	if have := max(0, t.end().Sub(t.change.FinishedAt)); have < needed {
		f.differ("input_series", fmt.Sprintf("until %s after the change", strictyaml.Duration(needed)), fmt.Sprintf("until %s after it", strictyaml.Duration(have)))
		return f
	}
	c := t.actual(e, replays[i])
	f.compareVerdict(e, c)
	f.compareResponse(e, c)
	f.Evidence = report.Moved(c.verdict, replays[i].End.Plan.Length())
	return f
}

// notWatched compares an expectation with a rule that does not watch the change.
func (f *Failure) notWatched(e expectation, set *rules.Set) {
	var known []string
	for _, r := range set.Rules() {
		known = append(known, r.Name)
	}
	switch {
	case !slices.Contains(known, e.Rule):
		f.differ("rule", e.Rule, "no rule of this name")
	case e.Watched == nil || *e.Watched:
		f.differ("watched", "true", "false: the rule does not watch this change")
	}
}

// actual returns the state of a replay at the time of an expectation, after all looks
// until then.
func (t test) actual(e expectation, r backtest.Replay) actual {
	c := actual{state: watch.Waiting}
	for _, a := range r.Responses(t.moment) {
		if e.After != nil && a.Look.At.After(t.change.FinishedAt.Add(time.Duration(*e.After))) {
			break
		}
		c.state, c.grade, c.verdict = a.Look.State, a.Look.Grade, a.Look.Verdict
		for _, action := range a.Actions {
			c.told = append(c.told, action.Tell...)
			if i := action.Rollback; i != nil && (c.rollback == nil || i.Mode > c.rollback.Mode) {
				c.rollback = i
			}
		}
	}
	slices.Sort(c.told)
	c.told = slices.Compact(c.told)
	return c
}

func (f *Failure) differ(key, want, got string) {
	if want != got {
		f.Differences = append(f.Differences, Difference{Key: key, Want: want, Got: got})
	}
}

func (f *Failure) compareVerdict(e expectation, c actual) {
	if e.State != nil {
		f.differ("state", string(*e.State), string(c.state))
	}
	if e.Grade != nil {
		f.differ("grade", e.Grade.String(), c.grade.String())
	}
	if e.Outcome != nil {
		f.differ("outcome", e.Outcome.String(), c.verdict.Outcome.String())
	}
	if e.Reason != nil {
		f.differ("reason", orNone(string(*e.Reason)), orNone(string(c.verdict.Reason)))
	}
	if e.MayAct != nil {
		f.differ("may_act", strconv.FormatBool(*e.MayAct), strconv.FormatBool(c.verdict.MayAct))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Signals)) {
		f.differ("signal "+name, e.Signals[name].String(), signalGrade(c.verdict, name))
	}
}

func signalGrade(v detector.Verdict, name string) string {
	for _, s := range v.Signals {
		if s.Signal == name {
			return s.Grade.String()
		}
	}
	return "no signal of this name"
}

func (f *Failure) compareResponse(e expectation, c actual) {
	if e.Told != nil {
		want := slices.Sorted(slices.Values(*e.Told))
		f.differ("told", orNobody(slices.Compact(want)), orNobody(c.told))
	}
	if e.Rollback == nil {
		return
	}
	want, got := e.Rollback.Mode, noRollback
	if c.rollback != nil {
		got = c.rollback.Mode.String()
	}
	if e.Rollback.Hook != "" {
		want += " by " + e.Rollback.Hook
		if c.rollback != nil {
			got += " by " + cmp.Or(c.rollback.Hook, "no hook")
		}
	}
	f.differ("rollback", want, got)
}

func orNobody(names []string) string { return cmp.Or(strings.Join(names, ", "), "nobody") }

func orNone(reason string) string { return cmp.Or(reason, "none") }
