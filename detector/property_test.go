package detector

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What must hold of any series. A case is drawn on a grid of 1/64, so that
// moving and turning it rounds nothing.

const propertyTick = 5 * time.Minute

// walk draws a series that wanders, n ticks long.
func walk(n int) *rapid.Generator[Values] {
	return rapid.Custom(func(t *rapid.T) Values {
		memory := rapid.SampledFrom([]float64{0, 0.5, 0.9}).Draw(t, "memory")
		x, last := make(Values, n), 0.0
		for i, step := range rapid.SliceOfN(rapid.IntRange(-128, 128), n, n).Draw(t, "steps") {
			last = math.Round(memory*last) + float64(step)
			x[i] = 200 + last/64
		}
		return x
	})
}

// story is one signal from its history to its after-ticks.
type story struct{ history, before, after Values }

func stories(t *rapid.T) story {
	x := walk(500).Draw(t, "series")
	s := story{x[:440], slices.Clone(x[440:470]), slices.Clone(x[470:])}
	lift := float64(rapid.IntRange(-2, 12).Draw(t, "lift"))
	for i := range s.after {
		s.after[i] += lift
	}
	return s
}

// judged is the evidence of a story as another unit or another direction would
// have it.
func (s story) judged(worse Worse, view func(float64) float64) Evidence {
	as := func(x Values) Values {
		y := make(Values, len(x))
		for i, v := range x {
			y[i] = view(v)
		}
		return y
	}
	p := planOf(propertyTick, Signal{Name: "x", Kind: Level, Worse: worse})
	h := as(slices.Concat(s.history, s.before))
	k := Learn(p, p.Signals[0], History{Start: deploy.Add(-time.Duration(len(h)) * propertyTick), Ticks: Ticks{Value: h}})
	return Judge(p, Profiles{"x": k}, Observation{
		StartedAt: deploy, From: deploy, Final: true,
		Readings: []Reading{{Signal: "x", Supply: Fresh, Before: Ticks{Value: as(s.before)}, After: Ticks{Value: as(s.after)}}},
	}).Signals[0]
}

// TestEvidenceKnowsNoUnit: in other units, from another zero, or upside down,
// a change is as bad as it is.
func TestEvidenceKnowsNoUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := stories(t)
		plain := s.judged(Higher, func(v float64) float64 { return v })
		for name, other := range map[string]Evidence{
			"in 1/1024":  s.judged(Higher, func(v float64) float64 { return 1024 * v }),
			"from 100":   s.judged(Higher, func(v float64) float64 { return v + 100 }),
			"upsidedown": s.judged(Lower, func(v float64) float64 { return -v }),
		} {
			if math.Abs(math.Log(other.RawP/plain.RawP)) > 1e-6 || other.Grade != plain.Grade {
				t.Fatalf("%s: p %v, %s; plain: p %v, %s", name, other.RawP, other.Grade, plain.RawP, plain.Grade)
			}
		}
	})
}

// TestOrderOfHistoryDoesNotMatter: what a series did by itself it did, whenever
// that was. Days are kept apart by gaps, so that no window and no long level spans two; without a
// season none looks from one to another.
func TestOrderOfHistoryDoesNotMatter(t *testing.T) {
	const day, gap, days = 120, longWindows * 30, 6
	rapid.Check(t, func(t *rapid.T) {
		x := walk(day*days).Draw(t, "series")
		order := rapid.Permutation([]int{0, 1, 2, 3, 4, 5}).Draw(t, "order")
		learned := func(order []int) Profile {
			h := gapOf(gap)
			for _, d := range order {
				h = slices.Concat(h, x[d*day:(d+1)*day], gapOf(gap))
			}
			s := Signal{Name: "x", Kind: Level, Worse: Higher}
			p := planOf(propertyTick, s)
			p.Season = 7*time.Minute + 30*time.Second // no multiple of a tick: no season
			return Learn(p, s, History{Start: deploy, Ticks: Ticks{Value: h}})
		}
		one, other := learned([]int{0, 1, 2, 3, 4, 5}), learned(order)
		if len(one.Higher) == 0 || len(one.Higher) != len(other.Higher) {
			t.Fatalf("%d scans and %d", len(one.Higher), len(other.Higher))
		}
		for i, s := range one.Higher {
			for _, g := range []float64{0.5, 0.9, 1.1, 1.5, 3} {
				if p, q := s.P(g), other.Higher[i].P(g); math.Abs(p-q) > 1e-6 {
					t.Fatalf("p of g %v is %v, in another order %v", g, p, q)
				}
			}
		}
	})
}

func gapOf(n int) Values {
	v := make(Values, n)
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}

// TestPNeverRises: p is a running maximum's. More looks may find more, and take
// nothing back.
func TestPNeverRises(t *testing.T) {
	plan := planOf(propertyTick, Signal{Name: "x", Kind: Level, Worse: Either}, Signal{Name: "n", Kind: Counts, Worse: Higher})
	rapid.Check(t, func(t *rapid.T) {
		s := stories(t)
		missing := rapid.SliceOfN(rapid.IntRange(0, 29), 0, 6).Draw(t, "missing")
		for _, i := range missing {
			s.after[i] = math.NaN()
		}
		past, before, after := countsOf(t, 440), countsOf(t, 30), countsOf(t, 30)
		k := Profiles{
			"x": Learn(plan, plan.Signals[0], History{Start: deploy.Add(-440 * propertyTick), Ticks: Ticks{Value: s.history}}),
			"n": Learn(plan, plan.Signals[1], History{Start: deploy.Add(-440 * propertyTick), Ticks: past}),
		}
		last := []float64{1, 1}
		for n := 1; n <= 30; n++ {
			v := Judge(plan, k, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{
				{Signal: "x", Supply: Fresh, Before: Ticks{Value: s.before}, After: Ticks{Value: s.after[:n]}},
				{Signal: "n", Supply: Fresh, Before: before, After: Ticks{Value: after.Value[:n], Bad: after.Bad[:n], Total: after.Total[:n]}},
			}})
			for i, e := range v.Signals {
				if e.Reason == BaselineUnhealthy && e.Grade != None {
					t.Fatalf("%s: %s of a signal that was no better before", e.Signal, e.Grade)
				}
				if e.RawP > last[i] {
					t.Fatalf("%s: p rises from %v to %v at tick %d", e.Signal, last[i], e.RawP, n)
				}
				last[i] = e.RawP
			}
		}
	})
}

func countsOf(t *rapid.T, n int) Ticks {
	var ticks Ticks
	for _, bad := range rapid.SliceOfN(rapid.IntRange(0, 12), n, n).Draw(t, "bad") {
		ticks.Bad, ticks.Total = append(ticks.Bad, float64(bad)), append(ticks.Total, 600)
		ticks.Value = append(ticks.Value, float64(bad)/600)
	}
	return ticks
}

// TestFiniteInFiniteOut: whatever finite numbers come in, no other comes out.
// JSON, which knows no NaN, is what holds it.
func TestFiniteInFiniteOut(t *testing.T) {
	wild := rapid.OneOf(rapid.Float64Range(-1e9, 1e9), rapid.Float64(), rapid.Just(0.0), rapid.Just(5.0))
	piece := rapid.SliceOfN(wild, 1, 40)
	rapid.Check(t, func(t *rapid.T) {
		over := func(n int, x []float64) Values {
			y := make(Values, n)
			for i := range y {
				y[i] = x[i*i%len(x)]
			}
			return y
		}
		s := Signal{Name: "x", Kind: Level, Worse: Either, MinEffect: MinEffect{Relative: 0.1}}
		p := planOf(propertyTick, s)
		history := over(700, piece.Draw(t, "history"))
		k := Learn(p, s, History{Start: deploy.Add(-700 * propertyTick), Ticks: Ticks{Value: history}})
		v := Judge(p, Profiles{"x": k}, Observation{StartedAt: deploy, From: deploy, Final: true, Readings: []Reading{{
			Signal: "x", Supply: Fresh, Before: Ticks{Value: over(30, piece.Draw(t, "before"))}, After: Ticks{Value: over(30, piece.Draw(t, "after"))},
		}}})
		for _, out := range []any{k, v} {
			if _, err := json.Marshal(out); err != nil {
				t.Fatal(err)
			}
		}
		if e := v.Signals[0]; !(e.P >= 0 && e.P <= 1) {
			t.Fatalf("p %v", e.P)
		}
	})
}
