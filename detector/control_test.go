package detector

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// twin is two levels that drift together, each with noise of its own.
func twin(seed uint64, n int) (own, control Values) {
	r := rand.New(rand.NewPCG(seed, 11))
	own, control = make(Values, n), make(Values, n)
	drift := 0.0
	for i := range own {
		drift += r.NormFloat64()
		own[i] = 100 + 2*drift + r.NormFloat64()
		control[i] = 30 + drift + r.NormFloat64()/2
	}
	return own, control
}

var controlled = Signal{Name: "latency", Kind: Level, Worse: Higher, Controlled: true}

// sideBySide judges a level beside its control at the end.
func sideBySide(own, control Values, lift float64, c *Control) (Profile, Evidence) {
	p := planOf(5*time.Minute, controlled)
	n := len(own) - 30
	after := append(Values{}, own[n:]...)
	for i := range after {
		after[i] += lift
	}
	k := Learn(p, controlled, History{Start: deploy.Add(-time.Duration(n) * p.Tick), Ticks: Ticks{Value: own[:n]}, Control: control[:n]})
	reading := Reading{Signal: "latency", Supply: Fresh, Before: Ticks{Value: own[n-30 : n]}, After: Ticks{Value: after}, Control: c}
	if c == nil {
		reading.Control = &Control{Supply: Fresh, Before: Ticks{Value: control[n-30 : n]}, After: Ticks{Value: control[n:]}}
	}
	v := Judge(p, Profiles{"latency": k}, Observation{StartedAt: deploy, From: deploy, Final: true, Readings: []Reading{reading}})
	return k, v.Signals[0]
}

// TestControlTakesDriftOut: what both do is no evidence, what one does is found
// at a size that its own drift would hide.
func TestControlTakesDriftOut(t *testing.T) {
	found, alarmed, hidden := 0, 0, 0
	for seed := range uint64(40) {
		own, control := twin(seed, 1000)
		k, lifted := sideBySide(own, control, 6, nil)
		if k.Follows == nil || k.Follows.Share < 1.5 || k.Follows.Share > 2.2 {
			t.Fatalf("follows by %+v, want nearly 2", k.Follows)
		}
		_, still := sideBySide(own, control, 0, nil)
		alone := planOf(5*time.Minute, latency)
		past := Learn(alone, latency, History{Start: k.Start, Ticks: Ticks{Value: own[:970]}})
		found += count(lifted.Grade >= Likely)
		alarmed += count(still.Grade >= Likely)
		hidden += count(past.Higher[0].Detectable > 3*k.Higher[0].Detectable)
	}
	if found < 38 || alarmed > 2 || hidden < 35 {
		t.Errorf("found %d, alarmed %d, would be hidden without a control %d, of 40", found, alarmed, hidden)
	}
}

// TestControlMovesAlike: the forecast shown has the control's moves in it.
func TestControlMovesAlike(t *testing.T) {
	own, control := twin(5, 1000)
	for i := 970; i < 1000; i++ {
		own[i], control[i] = own[i]+200, control[i]+100
	}
	_, e := sideBySide(own, control, 0, nil)
	if e.Grade > None || math.Abs(e.Effect.Difference) > 20 || e.Effect.Forecast < own[969]+150 {
		t.Errorf("both rose by 200: %s, %+v", e.Grade, e.Effect)
	}
	if e.Control == nil || e.Control.Share == 0 || e.Control.After < e.Control.Before+50 {
		t.Errorf("a reader is told %+v of the control", e.Control)
	}
}

// TestControlThatFails falls back to the time before, and says so.
func TestControlThatFails(t *testing.T) {
	own, control := twin(6, 1000)
	f := func(name string, c Control, note string) {
		t.Helper()
		_, e := sideBySide(own, control, 40, &c)
		if e.Grade > Suspect || e.Healthy || !strings.Contains(strings.Join(e.Notes, " "), note) {
			t.Errorf("%s: %s, healthy %v, %q", name, e.Grade, e.Healthy, e.Notes)
		}
	}
	f("broken", Control{Supply: Broken, Fault: "it hangs"}, "it hangs")
	f("without series", Control{Supply: Unmatched}, "The control has no series")
	f("gone at once", Control{Supply: Fresh, Before: Ticks{Value: control[940:970]}, After: Ticks{Value: missing(30)}}, "missing at most ticks")
}

// arms are the counts of a canary and its stable version.
func arms(seed uint64, canary float64) (own, stable Ticks) {
	r := rand.New(rand.NewPCG(seed, 12))
	draw := func(perTick, share float64) Ticks {
		ticks := Ticks{}
		for i := range 30 {
			now := share * (1 + 3*float64(i%5/4)) // spikes that hit both
			bad := poisson(r, perTick*now)
			ticks.Bad, ticks.Total, ticks.Value = append(ticks.Bad, bad), append(ticks.Total, perTick), append(ticks.Value, bad/perTick)
		}
		return ticks
	}
	return draw(1000, canary), draw(9000, 0.01)
}

// TestCanaryWithoutBefore: the series of a new version begin with it. They are
// judged beside the stable ones, while the change rolls as well.
func TestCanaryWithoutBefore(t *testing.T) {
	s := Signal{Name: "errors", Kind: Counts, Worse: Higher, MinEffect: MinEffect{Absolute: 0.005}, MinEvents: 200, Controlled: true, ByVersion: true}
	p := planOf(time.Minute, s)
	grade := func(seed uint64, canary float64) Verdict {
		own, stable := arms(seed, canary)
		return Judge(p, nil, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{{
			Signal: "errors", Supply: Fresh, Rolling: true, After: own, Control: &Control{Supply: Fresh, After: stable, Before: stable},
		}}})
	}
	found, alarmed := 0, 0
	for seed := range uint64(60) {
		v := grade(seed, 0.04)
		found += count(v.Grade == Certain && v.MayAct)
		alarmed += count(grade(seed, 0.01).Grade >= Likely)
	}
	if found < 58 || alarmed > 2 {
		t.Errorf("four times the errors found %d times, alarmed %d times, of 60", found, alarmed)
	}
	if e := grade(1, 0.04).Signals[0]; e.Effect.Forecast < 0.012 || e.Effect.Low <= 0 || e.Control.Split < 0.09 || e.Control.Split > 0.11 {
		t.Errorf("%+v, control %+v", e.Effect, e.Control)
	}
}

// TestSampleRatio: where the arms got another share than declared, nothing they
// show is believed, neither good nor bad.
func TestSampleRatio(t *testing.T) {
	f := func(split, canary float64, want Reason, grade Grade) {
		t.Helper()
		s := Signal{Name: "errors", Kind: Counts, Worse: Higher, MinEvents: 200, Controlled: true, Split: split}
		p := planOf(time.Minute, s)
		own, stable := arms(3, canary)
		v := Judge(p, nil, Observation{StartedAt: deploy, From: deploy, Final: true, Readings: []Reading{{
			Signal: "errors", Supply: Fresh, After: own, Control: &Control{Supply: Fresh, After: stable},
		}}})
		if e := v.Signals[0]; e.Reason != want || e.Grade != grade || want != "" && (e.Healthy || v.Outcome != Inconclusive) {
			t.Errorf("split %v: %s and %s, want %s and %s; %s", split, e.Reason, e.Grade, want, grade, v.Outcome)
		}
	}
	f(0.1, 0.04, "", Certain)
	f(0.5, 0.04, SampleRatio, None)
	f(0.12, 0.01, SampleRatio, None)
	f(0, 0.04, "", Certain)
}

// TestSiblingCounts: a service that was always worse than its sibling is not
// worse for it; one that leaves it behind is.
func TestSiblingCounts(t *testing.T) {
	s := Signal{Name: "errors", Kind: Counts, Worse: Higher, MinEvents: 200, Controlled: true}
	p := planOf(time.Minute, s)
	grade := func(seed uint64, after float64) Grade {
		before, sibling := arms(seed, 0.03)
		own, siblingAfter := arms(seed+1000, after)
		return Judge(p, nil, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{{
			Signal: "errors", Supply: Fresh, Before: before, After: own, Control: &Control{Supply: Fresh, Before: sibling, After: siblingAfter},
		}}}).Grade
	}
	found, alarmed := 0, 0
	for seed := range uint64(40) {
		found += count(grade(seed, 0.12) == Certain)
		alarmed += count(grade(seed, 0.03) >= Likely)
	}
	if found < 38 || alarmed > 1 {
		t.Errorf("found %d, alarmed %d, of 40", found, alarmed)
	}
}
