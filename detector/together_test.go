package detector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// severalSignals is a rule with n signals, whose noise is common to a share of all.
type severalSignals struct {
	plan     Plan
	profiles Profiles
	common   float64
	r        *rand.Rand
}

func newSeveralSignals(n int, common float64) *severalSignals {
	s := &severalSignals{
		plan:     Plan{Tick: time.Minute, Before: 30, After: 30, Thresholds: DefaultThresholds},
		profiles: Profiles{}, common: common, r: rand.New(rand.NewPCG(63, uint64(100*common))),
	}
	for i := range n {
		s.plan.Signals = append(s.plan.Signals, Signal{Name: fmt.Sprintf("s%d", i), Kind: Level, Worse: Higher})
	}
	for i, x := range s.draw(3000) {
		signal := s.plan.Signals[i]
		s.profiles[signal.Name] = Learn(s.plan, signal, History{Start: deploy.Add(-4000 * time.Minute), Ticks: Ticks{Value: x}})
	}
	return s
}

// draw draws so many ticks of every signal, with a memory of half.
func (s *severalSignals) draw(ticks int) [][]float64 {
	all := make([][]float64, len(s.plan.Signals))
	last := make([]float64, len(all))
	for range ticks {
		shared := s.r.NormFloat64()
		for i := range all {
			own := math.Sqrt(s.common)*shared + math.Sqrt(1-s.common)*s.r.NormFloat64()
			last[i] = 0.5*last[i] + own
			all[i] = append(all[i], 100+last[i])
		}
	}
	return all
}

// watch judges one change, at its last look, that moves the first signals by so many of
// their smallest visible shifts.
func (s *severalSignals) watch(moved int, shift float64) Verdict {
	o := Observation{At: deploy.Add(30 * time.Minute), From: deploy, Final: true}
	for i, x := range s.draw(90)[:] {
		x = x[30:]
		name := s.plan.Signals[i].Name
		if i < moved {
			for j := 30; j < 60; j++ {
				x[j] += shift * s.profiles[name].Higher[0].Detectable
			}
		}
		o.Readings = append(o.Readings, Reading{Signal: name, Supply: Fresh, Before: Ticks{Value: x[:30]}, After: Ticks{Value: x[30:]}})
	}
	return Judge(s.plan, s.profiles, o)
}

func byTogether(e Evidence) bool { return slices.Contains(e.Tests, ByTogether) }

// TestTogetherIsCalibrated: on quiet watches, moving together adds little to the false
// alarms of Holm's correction, whatever the dependence.
func TestTogetherIsCalibrated(t *testing.T) {
	const watches = 1500
	for _, common := range []float64{0, 0.5, 0.95} {
		s, alarms, together := newSeveralSignals(5, common), 0, 0
		for range watches {
			if v := s.watch(0, 0); v.Grade >= Likely {
				alarms++
				if slices.ContainsFunc(v.Signals, byTogether) {
					together++
				}
			}
		}
		if alarms > watches*15/1000 || together > watches*5/1000 {
			t.Errorf("%v of the noise in common: %d of %d quiet watches alarm, %d of them only together", common, alarms, watches, together)
		}
	}
}

// TestWeakSignalsAreFoundTogether: eight of ten signals moved by little are found more
// often than each would be.
func TestWeakSignalsAreFoundTogether(t *testing.T) {
	s, alone, found := newSeveralSignals(10, 0), 0, 0
	const watches = 300
	for range watches {
		v := s.watch(8, 0.35)
		if v.Grade < Likely {
			continue
		}
		found++
		if !slices.ContainsFunc(v.Signals, byTogether) {
			alone++
			continue
		}
		checkTogether(t, v)
	}
	if found <= alone {
		t.Errorf("%d of %d found, %d of them alone", found, watches, alone)
	}
}

// checkTogether checks what is said of signals that are likely together.
func checkTogether(t *testing.T, v Verdict) {
	t.Helper()
	named := 0
	for _, e := range v.Signals {
		if !byTogether(e) {
			if e.Grade > Suspect {
				t.Errorf("%s is %s by itself", e.Signal, e.Grade)
			}
			continue
		}
		named++
		if e.Grade != Likely || e.Healthy || e.P > 0.01 || e.RawP > 0.05 || e.Onset.IsZero() || !(e.Effect.Difference > 0) ||
			!strings.Contains(strings.Join(e.Notes, " "), "likely together with s") {
			t.Errorf("%+v", e)
		}
	}
	if named < 2 || v.Outcome != Regressed || v.Grade != Likely || v.MayAct {
		t.Errorf("%d named, %v, %s, may act %v", named, v.Outcome, v.Grade, v.MayAct)
	}
}

// TestWhatMayNotBeNamedTogether: signals whose effect is too small or gone, that have no
// history, or that are a whole beside its part, are no second signal.
func TestWhatMayNotBeNamedTogether(t *testing.T) {
	trialOf := func(change func(*trial)) trial {
		x := make(Values, 10)
		for i := range x {
			x[i] = 2
		}
		th := trial{
			plan: &Plan{Tick: time.Minute, Before: 30, After: 30, Thresholds: DefaultThresholds}, look: &Observation{From: deploy},
			signal: Signal{Name: "b", Kind: Level, Worse: Higher}, tested: true, after: Ticks{Value: x},
			before: Ticks{Value: make(Values, 30)}, finding: finding{d: upward, forecast: []float64{1}, tests: []Test{ByScan}},
			e: Evidence{Signal: "b", P: 0.012, RawP: 0.006, Grade: Suspect, Tests: []Test{ByScan}},
		}
		change(&th)
		return th
	}
	grades := func(change func(*trial)) Grade {
		trials := []trial{trialOf(func(t *trial) { t.signal.Name, t.e.Signal = "a", "a" }), trialOf(change)}
		gradeTogether(trials, DefaultThresholds)
		if trials[0].e.Grade != trials[1].e.Grade && trials[1].e.Grade < Certain {
			t.Errorf("%s and %s", trials[0].e.Grade, trials[1].e.Grade)
		}
		return trials[0].e.Grade
	}
	f := func(name string, want Grade, change func(*trial)) {
		t.Helper()
		if got := grades(change); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("both weak", Likely, func(*trial) {})
	f("its p is no suspect's", Suspect, func(t *trial) { t.e.RawP = 0.051 })
	f("less than min_effect", Suspect, func(t *trial) { t.signal.MinEffect.Absolute = 5 })
	f("gone again", Suspect, func(t *trial) {
		for i := range t.after.Value {
			t.after.Value[i] = 1
		}
	})
	f("no history", Suspect, func(t *trial) { t.capped = true })
	f("bad before", Suspect, func(t *trial) { t.unhealthyBefore = true })
	f("it has receded", Suspect, func(t *trial) { t.e.Reason = Transient })
	f("not tested", Suspect, func(t *trial) { t.tested = false })
	f("a part of the other", Suspect, func(t *trial) { t.signal.Part = "a" })
	f("a part of a third", Likely, func(t *trial) { t.signal.Part = "c" })
	f("certain by itself", Suspect, func(t *trial) { t.e.Grade = Certain })
}
