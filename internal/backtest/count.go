package backtest

import (
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/watch"
)

// Count counts the replays of one rule, of changes or of placebos.
type Count struct {
	Watched   int `json:"watched"`   // moments that the rule watches
	Judged    int `json:"judged"`    // of these, those with values before and after
	Suspected int `json:"suspected"` // of these, suspect or higher at some tick
	Alarmed   int `json:"alarmed"`   // likely or higher, which pages
	Certain   int `json:"certain"`
	MightAct  int `json:"might_act"` // certain, and by more than a single scan, which rolls back

	// ByTick is how many have alarmed by the end of each tick.
	ByTick []int `json:"by_tick"`
}

// Alarm is a change at which a rule alarmed.
type Alarm struct {
	Change  string          `json:"change"`
	Service string          `json:"service"`
	Version string          `json:"version"`
	At      time.Time       `json:"at"`
	Grade   detector.Grade  `json:"grade"` // the highest of any tick
	Act     bool            `json:"might_act"`
	Tick    int             `json:"tick"`    // the first with grade likely
	Seconds float64         `json:"seconds"` // from the start of the change to the end of that tick
	Signal  string          `json:"signal"`  // the one that alarmed
	Effect  detector.Effect `json:"effect"`  // at that tick
	Unit    string          `json:"unit,omitempty"`
	State   watch.State     `json:"state"` // how the watch ended
}

// notCompared are the reasons of a signal that could not be compared.
var notCompared = []detector.Reason{
	detector.UnmatchedSeries, detector.NoData, detector.NoBaseline, detector.SourceError, detector.StaleData,
	detector.StillWatching, detector.TooLittleTraffic,
}

// Compared says whether any signal could be compared at any tick.
func (r Replay) Compared() bool {
	return slices.ContainsFunc(r.Looks, func(l Look) bool {
		return slices.ContainsFunc(l.Verdict.Signals, func(e detector.Evidence) bool {
			return !slices.Contains(notCompared, e.Reason)
		})
	})
}

// highest returns the highest grade of any tick, and whether the verdict of any tick
// might have acted. The watch may end lower, when an effect was transient.
func (r Replay) highest() (g detector.Grade, act bool) {
	for _, l := range r.Looks {
		g, act = max(g, l.Verdict.Grade), act || l.Verdict.MayAct
	}
	return g, act
}

// firstAlarmLook returns the first look with grade likely or higher.
func (r Replay) firstAlarmLook() (Look, bool) {
	i := slices.IndexFunc(r.Looks, func(l Look) bool { return l.Verdict.Grade >= detector.Likely })
	if i < 0 {
		return Look{}, false
	}
	return r.Looks[i], true
}

// alarm describes the first alarm of the replay. False if there is none.
func (r Replay) alarm() (Alarm, bool) {
	alarm, ok := r.firstAlarmLook()
	if !ok {
		return Alarm{}, false
	}
	grade, act := r.highest()
	c := Alarm{
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
	grade, act := r.highest()
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
	if alarm, ok := r.firstAlarmLook(); ok {
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
