package detector

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var readyPlan = Plan{Rule: "r", Tick: time.Minute, Before: 30, After: 30}

// levelOf draws n ticks of which a share has a value, after so many ticks without any.
func levelOf(none, n int, share float64) Values {
	r := rand.New(rand.NewPCG(1, 2))
	x := make(Values, none+n)
	for i := range x {
		if x[i] = math.NaN(); i >= none && (i-none == 0 || r.Float64() < share) {
			x[i] = 10 + r.NormFloat64()
		}
	}
	return x
}

func TestReadyLevel(t *testing.T) {
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	f := func(name string, x Values, want ReadyState, wait, give time.Duration) {
		t.Helper()
		got := Ready(readyPlan, Signal{Name: "s", Kind: Level, Worse: Higher}, Ticks{Value: x}, now)
		if got.State != want {
			t.Errorf("%s: %+v, want %s", name, got, want)
		}
		if want == ReadyLater && (got.From.Sub(now)-wait).Abs() > give {
			t.Errorf("%s: from %s on, want %s", name, got.From.Sub(now), wait)
		}
	}
	still := make(Values, 400)
	f("six hours", levelOf(0, 360, 1), ReadyNow, 0, 0)
	f("six hours in twelve", levelOf(360, 360, 1), ReadyNow, 0, 0)
	f("a tick less", levelOf(0, 359, 1), ReadyLater, time.Minute, 0)
	f("five hours and twenty minutes", levelOf(100, 320, 1), ReadyLater, 40*time.Minute, 0)
	f("one tick", levelOf(100, 1, 1), ReadyLater, 359*time.Minute, 0)
	f("three of four ticks", levelOf(0, 240, 0.75), ReadyLater, 240*time.Minute, 30*time.Minute)
	f("one of five ticks", levelOf(0, 700, 0.2), ReadyGappy, 0, 0)
	f("never moved", still, ReadyStill, 0, 0)
	f("nothing", levelOf(400, 0, 1), ReadyEmpty, 0, 0)
	f("no ticks at all", nil, ReadyEmpty, 0, 0)
	f("nothing for an hour", append(levelOf(0, 400, 1), levelOf(60, 0, 1)...), ReadyEmpty, 0, 0)
	f("back for ten minutes after an hour", append(levelOf(0, 400, 1), levelOf(60, 10, 1)...), ReadyGappy, 0, 0)
}

func TestReadyCounts(t *testing.T) {
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	f := func(name string, total Values, want ReadyState, wait time.Duration) {
		t.Helper()
		ticks := Ticks{Value: make(Values, len(total)), Bad: make(Values, len(total)), Total: total}
		got := Ready(readyPlan, Signal{Name: "errors", Kind: Counts}, ticks, now)
		if got.State != want || want == ReadyLater && got.From.Sub(now) != wait {
			t.Errorf("%s: %s, from %s on; want %s, %s", name, got.State, got.From.Sub(now), want, wait)
		}
	}
	f("three ticks with events", Values{0, 5, 5, 0, 5}, ReadyNow, 0)
	f("two", Values{0, 5, 5}, ReadyLater, time.Minute)
	f("none", Values{0, 0, math.NaN()}, ReadyEmpty, 0)
	f("nothing", nil, ReadyEmpty, 0)
	f("only long ago", append(Values{5, 5, 5}, make(Values, 30)...), ReadyEmpty, 0)
}

func TestReadyNothingToJudge(t *testing.T) {
	if got := Ready(Plan{}, Signal{}, Ticks{}, time.Now()); got.State != ReadyEmpty {
		t.Errorf("%+v", got)
	}
}

// TestReadyAgreesWithJudge judges a change of a level that is ready, and of one that lacks a tick.
func TestReadyAgreesWithJudge(t *testing.T) {
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	s := Signal{Name: "s", Kind: Level, Worse: Higher}
	for _, n := range []int{10, 359, 360, 700} {
		x := levelOf(0, n, 1)
		h := History{Start: now.Add(-time.Duration(n) * time.Minute), Ticks: Ticks{Value: x}}
		profile := Learn(readyPlan, s, h)
		scans := len(profile.Higher) > 0
		if ready := Ready(readyPlan, s, h.Ticks, now).State == ReadyNow; ready != scans {
			t.Errorf("%d ticks: ready %v, but a scan was learned: %v", n, ready, scans)
		}
		after := levelOf(0, 10, 1)
		for i := range after {
			after[i] += 50
		}
		v := Judge(Plan{Rule: "r", Tick: time.Minute, Before: 30, After: 30, Signals: []Signal{s}}, Profiles{"s": profile}, Observation{
			BaseAt: now, From: now, Readings: []Reading{{Signal: "s", Supply: Fresh, Before: Ticks{Value: padded(x, 30)}, After: Ticks{Value: after}}},
		})
		if short := v.Signals[0].Reason == ShortHistory || v.Signals[0].Reason == NoBaseline; short == scans {
			t.Errorf("%d ticks: the verdict says %q, ready says %v", n, v.Signals[0].Reason, scans)
		}
	}
}

// padded are the last n values, with missing ones before where there are fewer.
func padded(x Values, n int) Values { return lastOf(append(levelOf(n, 0, 1), x...), n) }
