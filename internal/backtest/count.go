package backtest

import (
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/watch"
)

// Count is how a rule did at many moments of one sort.
type Count struct {
	Watched   int `json:"watched"`   // moments the rule watches
	Judged    int `json:"judged"`    // of these, the ones with numbers before and after
	Suspected int `json:"suspected"` // of these, suspect or worse at some tick
	Alarmed   int `json:"alarmed"`   // likely or worse: what pages
	Certain   int `json:"certain"`
	MightAct  int `json:"might_act"` // certain, and by more than one lone scan: what rolls back

	// ByTick is how many had alarmed by the end of each tick.
	ByTick []int `json:"by_tick"`
}

// Catch is a change at which a rule alarmed.
type Catch struct {
	Change  string          `json:"change"`
	Service string          `json:"service"`
	Version string          `json:"version"`
	At      time.Time       `json:"at"`
	Grade   detector.Grade  `json:"grade"` // the highest it came to
	Act     bool            `json:"might_act"`
	Tick    int             `json:"tick"`    // when it was first likely
	Seconds float64         `json:"seconds"` // from the change until then
	Signal  string          `json:"signal"`  // the one that was
	Effect  detector.Effect `json:"effect"`  // then
	Unit    string          `json:"unit,omitempty"`
	State   watch.State     `json:"state"` // how the watch ended
}

// silentReasons are those of a signal that could not be compared at all.
var silentReasons = []detector.Reason{
	detector.UnmatchedSeries, detector.NoData, detector.NoBaseline, detector.SourceError, detector.StaleData,
	detector.StillWatching, detector.TooLittleTraffic,
}

// Compared says whether any signal could be, at any tick.
func (r Replay) Compared() bool {
	return slices.ContainsFunc(r.Looks, func(l Look) bool {
		return slices.ContainsFunc(l.Verdict.Signals, func(e detector.Evidence) bool {
			return !slices.Contains(silentReasons, e.Reason)
		})
	})
}

// worst is the highest grade at any tick, and whether any might have acted. The
// watch may end lower: what was told is not taken back by a transient.
func (r Replay) worst() (g detector.Grade, act bool) {
	for _, l := range r.Looks {
		g, act = max(g, l.Verdict.Grade), act || l.Verdict.MayAct
	}
	return g, act
}

// alarm is the first look that was likely or worse.
func (r Replay) alarm() (Look, bool) {
	i := slices.IndexFunc(r.Looks, func(l Look) bool { return l.Verdict.Grade >= detector.Likely })
	if i < 0 {
		return Look{}, false
	}
	return r.Looks[i], true
}

func (r Replay) catch() (Catch, bool) {
	alarm, ok := r.alarm()
	if !ok {
		return Catch{}, false
	}
	grade, act := r.worst()
	c := Catch{
		Change: r.Moment.ID, Service: r.Moment.Service, Version: r.Moment.Version, At: r.Moment.StartedAt,
		Grade: grade, Act: act, Tick: alarm.Tick, Seconds: alarm.At.Sub(r.Moment.StartedAt).Seconds(), State: r.End.State,
	}
	for _, e := range alarm.Verdict.Signals {
		if e.Grade == alarm.Verdict.Grade {
			c.Signal, c.Effect, c.Unit = e.Signal, e.Effect, e.Unit
			break
		}
	}
	return c, true
}

// add counts one replay.
func (c *Count) add(r Replay) {
	c.Watched++
	if !r.Compared() {
		return
	}
	c.Judged++
	grade, act := r.worst()
	for g, n := range map[detector.Grade]*int{detector.Suspect: &c.Suspected, detector.Likely: &c.Alarmed, detector.Certain: &c.Certain} {
		if grade >= g {
			*n++
		}
	}
	if act {
		c.MightAct++
	}
	for len(c.ByTick) < r.End.Plan.After {
		c.ByTick = append(c.ByTick, last(c.ByTick))
	}
	if alarm, ok := r.alarm(); ok {
		for tick := alarm.Tick; tick <= len(c.ByTick); tick++ {
			c.ByTick[tick-1]++
		}
	}
}

func last(counts []int) int {
	if len(counts) == 0 {
		return 0
	}
	return counts[len(counts)-1]
}
