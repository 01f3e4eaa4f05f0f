package detector

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// follows turns a scene into one in which the change follows another one so many ticks later,
// whose ticks have the given share of errors each.
func (s *scene) follows(shares ...float64) {
	var between Ticks
	for _, share := range shares {
		tick := events(s.r, 1, 3000, share)
		between = Ticks{Value: append(between.Value, tick.Value...), Bad: append(between.Bad, tick.Bad...), Total: append(between.Total, tick.Total...)}
	}
	s.errors().Between = between
	s.o.BaseAt, s.o.Gap = deploy.Add(-time.Duration(len(shares))*time.Minute), len(shares)
	s.o.Readings, s.plan.Signals = s.o.Readings[:1], s.plan.Signals[:1]
}

// What was measured between the before window and the change says when the signal turned bad.
func TestOnsetBetween(t *testing.T) {
	f := func(name string, onset, from float64, extended bool, shares ...float64) {
		t.Helper()
		for _, history := range []int{0, 2880} {
			s := quiet(history)
			s.errors().After = events(s.r, 30, 3000, 0.03)
			s.follows(shares...)
			e := Judge(s.plan, s.profiles, s.o).Signals[0]
			if got := e.Onset.Sub(deploy).Minutes(); got != onset || e.Grade != Certain {
				t.Errorf("%s: %s, onset at %v, want %v", name, e.Grade, got, onset)
			}
			if got := e.OnsetFrom.Sub(deploy).Minutes(); got != from {
				t.Errorf("%s: the earliest onset is at %v, want %v", name, got, from)
			}
			if got := strings.Contains(strings.Join(e.Notes, " "), "show no difference"); got != extended {
				t.Errorf("%s: the before window goes on: %v; %q", name, got, e.Notes)
			}
		}
	}
	const good, bad = 0.005, 0.03
	f("clean until the change", 0, 0, true, good, good, good, good, good)
	f("bad from the other change on", -5, -5, false, bad, bad, bad, bad, bad)
	f("bad from the third tick on", -3, -5, false, good, good, bad, bad, bad)
	f("a fault that grows", 0, -5, false, good, 0.007, 0.01, 0.015, 0.02)
	f("bad, and good again", 0, -8, false, bad, bad, good, good, good, good, good, good)
	f("a tick", 0, 0, true, good)
}

// A bad version was taken back, the good one ran again, and the next change is bad: what was bad
// before is over, if the ticks since the version before the change had settled show it.
func TestWhatEndedBeforeTheChange(t *testing.T) {
	f := func(name string, priorAt, from float64, shares ...float64) {
		t.Helper()
		for _, history := range []int{0, 2880} {
			s := quiet(history)
			s.errors().After = events(s.r, 30, 3000, 0.03)
			s.follows(shares...)
			if priorAt != 0 {
				s.o.PriorAt = deploy.Add(time.Duration(priorAt * float64(time.Minute)))
			}
			e := Judge(s.plan, s.profiles, s.o).Signals[0]
			if got := e.OnsetFrom.Sub(deploy).Minutes(); got != from || e.Grade != Certain || !e.Onset.Equal(deploy) {
				t.Errorf("%s: %s, the onset is between %v min and %s, want it from %v", name, e.Grade, got, e.Onset, from)
			}
		}
	}
	const good, bad = 0.005, 0.03
	spoilt := []float64{bad, bad, bad, bad, good, good, good, good, bad, bad, bad, bad, bad, bad, good, good, good, good}
	f("nobody knows since when the good version runs", 0, -18, spoilt...)
	f("taken back twice", -4, 0, spoilt...)
	f("within a tick", -4.5, 0, spoilt...)
	f("two ticks are too few", -2, -18, spoilt...)
	f("the version before is bad too", -6, -18, spoilt...)
	f("the version before turned bad in the end", -4, -8, bad, bad, bad, bad, good, good, good, bad)
	f("it is the only one", -8, -8, bad, bad, good, good, good, good, good, good)
}

// So it is with a level.
func TestALevelThatEndedBeforeTheChange(t *testing.T) {
	s := quiet(2880)
	between := append(s.noise(20, 112), s.noise(10, 100)...)
	s.latency().Between, s.latency().After = Ticks{Value: between}, Ticks{Value: s.noise(30, 112)}
	s.o.BaseAt, s.o.Gap = deploy.Add(-30*time.Minute), 30
	for _, one := range []struct{ prior, latest float64 }{{0, -20}, {-10, 0}} {
		if one.prior != 0 {
			s.o.PriorAt = deploy.Add(time.Duration(one.prior) * time.Minute)
		}
		e := Judge(s.plan, s.profiles, s.o).Signals[1]
		if got := e.OnsetFrom.Sub(deploy).Minutes(); e.Grade != Certain || one.prior == 0 && got > one.latest || one.prior != 0 && got < -10 {
			t.Errorf("prior at %v: %s, the onset is between %v min and %s", one.prior, e.Grade, got, e.Onset)
		}
	}
}

// A gap ahead of the change lets the onset be anywhere in it.
func TestOnsetInAGap(t *testing.T) {
	s := quiet(2880)
	s.errors().After = events(s.r, 30, 3000, 0.03)
	s.follows(0.005, 0.005, 0.005, 0.005, 0.005)
	for i := 2; i < 5; i++ {
		s.errors().Between.clearTick(i)
	}
	e := Judge(s.plan, s.profiles, s.o).Signals[0]
	if got := e.OnsetFrom.Sub(deploy).Minutes(); got != -3 || !e.Onset.Equal(deploy) {
		t.Errorf("the onset is between %v min and %s", got, e.Onset)
	}
}

// What says that the service was good right before a change is measured right before it, in the
// before window or behind it.
func TestUnknownBeforeAfterAGap(t *testing.T) {
	f := func(name string, unknown bool, disturb func(*scene)) {
		t.Helper()
		s := quiet(0)
		s.errors().After = events(s.r, 30, 3000, 0.4)
		disturb(s)
		if e := Judge(s.plan, s.profiles, s.o).Signals[0]; e.Grade != Certain || e.UnknownBefore != unknown {
			t.Errorf("%s: %s, unknown before: %v, want %v; %q", name, e.Grade, e.UnknownBefore, unknown, e.Notes)
		}
	}
	clear := func(s *scene, from, to int) {
		for i := from; i < to; i++ {
			s.errors().Before.clearTick(i)
		}
	}
	f("nothing in the ten ticks before the change", true, func(s *scene) { clear(s, 20, 30) })
	f("three of the ten ticks before the change", false, func(s *scene) { clear(s, 20, 27) })
	f("nothing at the end of the before window, and three ticks behind it", false, func(s *scene) {
		clear(s, 20, 30)
		s.follows(0.005, 0.005, 0.005)
	})
	f("nothing behind the before window", true, func(s *scene) {
		s.follows(slices.Repeat([]float64{0.005}, 10)...)
		for i := range 10 {
			s.errors().Between.clearTick(i)
		}
	})
}

// A level's before window goes on through ticks that agree with it, and not through others.
func TestLevelBetween(t *testing.T) {
	f := func(name string, level float64, want bool) {
		t.Helper()
		s := quiet(2880)
		s.latency().Between = Ticks{Value: s.noise(20, level)}
		s.o.BaseAt, s.o.Gap = deploy.Add(-20*time.Minute), 20
		e := Judge(s.plan, s.profiles, s.o).Signals[1]
		if got := strings.Contains(strings.Join(e.Notes, " "), "show no difference"); got != want {
			t.Errorf("%s: the before window goes on: %v; %q", name, got, e.Notes)
		}
	}
	f("the same level", 100, true)
	f("higher by five σ", 105, false)
}

// A stored observation without ticks in between is judged as ever, and no new fields stand in
// what is stored of it.
func TestNothingBetween(t *testing.T) {
	s := quiet(0)
	b, err := json.Marshal(s.o)
	if err != nil || strings.Contains(string(b), "between") || strings.Contains(string(b), "base_at") {
		t.Errorf("%v: %s", err, b)
	}
	var again Observation
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Judge(s.plan, s.profiles, s.o), Judge(s.plan, s.profiles, again)); diff != "" {
		t.Error(diff)
	}
}

func TestSplitAt(t *testing.T) {
	whole := Ticks{
		Value: Values{1, 2, 3, 4}, Bad: Values{1, 1, 1, 1}, Total: Values{1, 2, 3, 4},
		Impossible: []int{0, 3}, Incomplete: []int{2}, Idle: []int{1}, Series: 2,
	}
	first, second := whole.SplitAt(2)
	want := []Ticks{
		{Value: Values{1, 2}, Bad: Values{1, 1}, Total: Values{1, 2}, Impossible: []int{0}, Idle: []int{1}, Series: 2},
		{Value: Values{3, 4}, Bad: Values{1, 1}, Total: Values{3, 4}, Impossible: []int{1}, Incomplete: []int{0}},
	}
	if diff := cmp.Diff(want, []Ticks{first, second}); diff != "" {
		t.Error(diff)
	}
	if all, none := whole.SplitAt(4); len(all.Value) != 4 || len(none.Value) != 0 {
		t.Error(all, none)
	}
	if none, all := whole.SplitAt(-1); len(all.Value) != 4 || len(none.Value) != 0 {
		t.Error(all, none)
	}
	if level, more := (Ticks{Value: Values{1, math.Pi}}).SplitAt(1); len(level.Value) != 1 || level.counts() || len(more.Value) != 1 {
		t.Error(level, more)
	}
}
