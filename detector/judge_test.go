package detector

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var deploy = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// poisson draws from math/rand/v2; the tests own their seeds.
func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 50 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	n, product := 0.0, r.Float64()
	for limit := math.Exp(-mean); product > limit; n++ {
		product *= r.Float64()
	}
	return n
}

// events draws n ticks of traffic with a share of bad events.
func events(r *rand.Rand, n int, perTick, bad float64) Ticks {
	var t Ticks
	for range n {
		total := poisson(r, perTick)
		b := poisson(r, total*bad)
		t.Total, t.Bad, t.Value = append(t.Total, total), append(t.Bad, b), append(t.Value, b/total)
	}
	return t
}

var errors = Signal{Name: "errors", Kind: Counts, Worse: Higher, Unit: "fraction", MinEffect: MinEffect{Absolute: 0.005}, MinEvents: 200}

func planOf(tick time.Duration, s ...Signal) Plan {
	return Plan{Rule: "red", Tick: tick, Before: 30, After: 30, Signals: s}
}

// TestErrorsSixfold is the requirement the product stands on: 0.5 % to 3 % of
// 50 requests a second is certain within two minutes of judged data, whatever
// the history.
func TestErrorsSixfold(t *testing.T) {
	f := func(tick time.Duration, history, before int) {
		t.Helper()
		found, perTick := 0, 50*tick.Seconds()
		p, k := planOf(tick, errors), Profiles{}
		if history > 0 {
			past := events(rand.New(rand.NewPCG(99, 1)), history, perTick, 0.005)
			k["errors"] = Learn(p, errors, History{Start: deploy.Add(-time.Duration(history) * tick), Ticks: past})
		}
		for seed := range uint64(40) {
			r := rand.New(rand.NewPCG(seed, 1))
			b := events(r, before, perTick, 0.005)
			after := int(90 * time.Second / tick)
			reading := Reading{Signal: "errors", Supply: Fresh, Before: b, After: events(r, after, perTick, 0.03)}
			rest := 90*time.Second - time.Duration(after)*tick
			filled := rest.Seconds() / tick.Seconds()
			if rest > 0 {
				reading.Running = events(r, 1, 50*rest.Seconds(), 0.03)
			}
			v := Judge(p, k, Observation{At: deploy.Add(90 * time.Second), StartedAt: deploy, From: deploy, Filled: filled, Readings: []Reading{reading}})
			if v.Grade == Certain && v.MayAct && v.Outcome == Regressed {
				found++
			} else {
				t.Logf("%+v", v.Signals[0])
			}
		}
		if found < 36 {
			t.Errorf("tick %s, history %d, before %d: certain in %d of 40", tick, history, before, found)
		}
	}
	f(time.Minute, 0, 30)
	f(time.Minute, 0, 10)
	f(time.Minute, 30, 10)
	f(time.Minute, 2880, 30)
	f(15*time.Second, 0, 30)
	f(5*time.Second, 0, 30)
	f(5*time.Second, 8640, 30)
}
