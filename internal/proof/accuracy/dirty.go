package accuracy

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
)

// DirtyRow is one kind of dirty data in one kind of signal.
type DirtyRow struct {
	Kind    string `json:"kind"`
	Target  string `json:"target"`
	Form    string `json:"form"`
	Watches int    `json:"watches"` // without a regression, and as many with one
	Likely  int    `json:"likely"`  // false alarms
	Acts    int    `json:"acts"`    // false rollbacks; of a mean, which never acts alone: false alarms at certain
	Clean   int    `json:"clean"`   // regressions that were found in the clean series
	Hidden  int    `json:"hidden"`  // of those, not found or found more than two ticks later
	Latest  int    `json:"latest"`  // ticks after the clean series, at most, of what was found
}

// DirtyTicks is how much later than in the clean series a regression may be found.
const DirtyTicks = 2

// MeasureDirty watches healthy changes and bad ones, each in a clean series and in one that
// cannot be true. Watches is how many of each kind, target and signal.
func MeasureDirty(ctx context.Context, watches int, seed uint64, progress Progress) ([]DirtyRow, error) {
	rows := dirtyRows(watches)
	learnAll(rows, seed)
	outcomes, err := watchKinds(ctx, len(rows), watches, progress, func(kind, number int) dirtyOutcome {
		return rows[kind].watch(seed, number)
	})
	results := make([]DirtyRow, len(outcomes))
	for i := range results {
		results[i] = rows[i].DirtyRow
		for _, o := range outcomes[i] {
			results[i].add(o)
		}
	}
	return results, err
}

// dirtyCase is a row that is still to be measured.
type dirtyCase struct {
	DirtyRow
	kind  dirtyKind
	which []int
	form  dirtyForm

	profiles detector.Profiles
}

func dirtyRows(watches int) []dirtyCase {
	var rows []dirtyCase
	for _, k := range dirtyKinds {
		for _, t := range dirtyTargets {
			if k.only != "" && k.only != t.Name {
				continue
			}
			for _, f := range dirtyForms {
				if f.whole && (t.Name != "both" || strings.HasPrefix(k.Name, aloneKind)) {
					continue // a native histogram is one sample
				}
				rows = append(rows, dirtyCase{DirtyRow{Kind: k.Name, Target: t.Name, Form: f.Name, Watches: watches}, k, t.which, f, nil})
			}
		}
	}
	return rows
}

// dirtyHistory is how many ticks the profiles are learned from: eight hours, enough for a
// scan.
const dirtyHistory = 480

// dirtyStart are the ticks that are left out of each drawn piece of a history: a history has
// one beginning, and not one every half hour.
const dirtyStart = 5

// name is what a case is drawn by, so that another case changes nothing in this one.
func (c dirtyCase) name() string { return c.Kind + "|" + c.Target + "|" + c.Form }

// learnAll learns the profiles of all cases, from clean counters once for each form.
func learnAll(cases []dirtyCase, seed uint64) {
	clean := map[string]detector.Profiles{}
	for i := range cases {
		c := &cases[i]
		if c.kind.always {
			c.learn(seed)
			continue
		}
		if clean[c.Form] == nil {
			c.learn(seed)
			clean[c.Form] = c.profiles
		}
		c.profiles = clean[c.Form]
	}
}

// learn learns the profile of the case's signal, from clean counters unless its kind is always
// there.
func (c *dirtyCase) learn(seed uint64) {
	r := sourceOf("learn "+c.Form, 0, seed, 0)
	h := detector.History{Start: simulated.Add(-dirtyHistory * time.Minute)}
	for len(h.Ticks.Value) < dirtyHistory {
		pods := drawPods(r, false)
		if c.kind.always {
			pods = c.kind.soil(r, pods, c.which, false)
		}
		before, _, _ := detector.Around(c.form.raw(pods, 0, podBefore), detector.Raw{}, podGrids(0))
		h.Ticks.Value = append(h.Ticks.Value, before.Value[dirtyStart:]...)
		if len(before.Total) > 0 {
			h.Ticks.Bad, h.Ticks.Total = append(h.Ticks.Bad, before.Bad[dirtyStart:]...), append(h.Ticks.Total, before.Total[dirtyStart:]...)
		}
	}
	c.profiles = detector.Profiles{c.form.signal.Name: detector.Learn(c.form.plan(), c.form.signal, h)}
}

func (f dirtyForm) plan() detector.Plan { return planOf(time.Minute, f.signal) }

// drawPods are the three pods of a service.
func drawPods(r *rand.Rand, worse bool) []*dirtyPod {
	var pods []*dirtyPod
	for i := range 3 {
		pods = append(pods, newPod(r, podName(i), lifetime, worse))
	}
	return pods
}

func podGrids(ticks int) detector.Grids {
	before := detector.Grid{Start: simulated.Add(-window * time.Minute), Tick: time.Minute, N: window}
	after := detector.Grid{Start: simulated, Tick: time.Minute, N: ticks}
	return detector.Grids{Before: before, After: after, Running: after.Running(after.End())}
}

// dirtyOutcome is what the four watches of one draw came to.
type dirtyOutcome struct{ healthy, clean, bad dirtyWatch }

// dirtyWatch are the ticks at which a watch was likely and acted, from 1; 0 for never.
type dirtyWatch struct{ likely, acted int }

func (c dirtyCase) watch(seed uint64, number int) dirtyOutcome {
	soiled := func(worse bool) dirtyWatch {
		r := sourceOf(c.name(), 0, seed, number)
		pods := drawPods(r, worse)
		return c.judge(c.kind.soil(r, pods, c.which, worse))
	}
	clean := drawPods(sourceOf(c.name(), 0, seed, number), true)
	return dirtyOutcome{healthy: soiled(false), bad: soiled(true), clean: c.judge(clean)}
}

// judge watches pods tick by tick. What stood in the store then is what is there now.
func (c dirtyCase) judge(pods []*dirtyPod) dirtyWatch {
	past := c.form.raw(pods, 0, podBefore)
	read := func(n int) []detector.Reading {
		r := detector.Reading{Signal: c.form.signal.Name, Supply: detector.Fresh}
		r.Before, r.After, r.Running = detector.Around(past, c.form.raw(pods, podBefore-podPerTick, podBefore+n*podPerTick), podGrids(n))
		return []detector.Reading{r}
	}
	var w dirtyWatch
	for n, v := range verdicts(c.form.plan(), c.profiles, simulated, window, read) {
		if v.Reason == detector.SignalLost {
			continue // people are told that a part is missing, and nothing acts
		}
		if v.Grade >= detector.Likely && w.likely == 0 {
			w.likely = n
		}
		if (v.MayAct || c.form.signal.Kind == detector.Level && v.Grade == detector.Certain) && w.acted == 0 {
			w.acted = n
		}
	}
	return w
}

func (r *DirtyRow) add(o dirtyOutcome) {
	if o.healthy.likely > 0 {
		r.Likely++
	}
	if o.healthy.acted > 0 {
		r.Acts++
	}
	if o.clean.acted == 0 {
		return
	}
	r.Clean++
	if later := o.bad.acted - o.clean.acted; o.bad.acted == 0 || later > DirtyTicks {
		r.Hidden++
	}
	if o.bad.acted > 0 {
		r.Latest = max(r.Latest, o.bad.acted-o.clean.acted)
	}
}
