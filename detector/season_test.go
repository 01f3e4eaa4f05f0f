package detector

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestSeasonNeedsItsPeriods: under a week of data there is no daily shape to be believed, and
// a week's takes seven unless the rule asks for it, however long the history is that was
// asked for.
func TestSeasonNeedsItsPeriods(t *testing.T) {
	f := func(absent, ticks int, tick, named time.Duration, want ...cycle) {
		t.Helper()
		p := Plan{Tick: tick, Before: 30, After: 30, Season: named}
		x := make([]float64, absent+ticks)
		for i := range absent {
			x[i] = math.NaN()
		}
		if got := p.cycles(x); !slices.Equal(got, want) {
			t.Errorf("%d ticks of %s after %d without data: %v, want %v", ticks, tick, absent, got, want)
		}
	}
	f(0, 2015, 5*time.Minute, 0)
	f(0, 2016, 5*time.Minute, 0, cycle{288, 5})
	f(12, 2016-12, 5*time.Minute, 0, cycle{288, 5}) // an hour is missing
	f(11*288, 3*288, 5*time.Minute, 0)              // three days of the fourteen asked for
	f(7*288, 7*288, 5*time.Minute, 0, cycle{288, 5})
	f(0, 7*72, 20*time.Minute, 0, cycle{72, 3}) // or else too few placebos are left
	f(0, 7*168-1, time.Hour, 0, cycle{24, 5})
	f(0, 7*168, time.Hour, 0, cycle{24, 5}, cycle{168, 5})
	f(0, 4032, 5*time.Minute, week, cycle{288, 5})
	f(0, 4032+60, 5*time.Minute, week, cycle{288, 5}, cycle{2016, 1})
	f(0, 100000, 11*time.Minute, 0)
}

// TestTypicalNeedsItsPeriods: no placebo is forecast from fewer periods than a change is, or
// from one less.
func TestTypicalNeedsItsPeriods(t *testing.T) {
	smooth := make([]float64, 70)
	for i := range smooth {
		smooth[i] = float64(i / 10)
	}
	for i, got := range typical(smooth, cycle{10, 5}) {
		want := math.NaN()
		switch d := float64(i / 10); {
		case d >= 4:
			want = d - 2
		case d == 3:
			want = 1.5
		}
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("typical of tick %d is %v, want %v", i, got, want)
		}
	}
	smooth[35] = math.NaN()
	if got := typical(smooth, cycle{10, 5})[65]; got != 4.5 {
		t.Errorf("one period missing of five: typical is %v, want 4.5", got)
	}
}

// TestGrowthIsNoRegression: a signal with a daily season that grows by 15 % a day is not
// forecast too low by days that lie further back than those behind a placebo.
func TestGrowthIsNoRegression(t *testing.T) {
	const series = 120
	plan := planOf(time.Minute, latency)
	alarms := 0
	for seed := range uint64(series) {
		x := growing(seed, 7*1440+30, 0.15)
		k := Learn(plan, latency, History{Start: deploy.Add(-7 * day), Ticks: Ticks{Value: x[:7*1440]}})
		e := Judge(plan, Profiles{"latency": k}, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{
			{Signal: "latency", Supply: Fresh, Before: Ticks{Value: x[7*1440-30 : 7*1440]}, After: Ticks{Value: x[7*1440:]}},
		}}).Signals[0]
		if e.Forecaster != "daily blend" {
			t.Fatalf("judged by %q", e.Forecaster)
		}
		if e.RawP <= DefaultThresholds.Likely {
			alarms++
		}
	}
	t.Logf("%d of %d", alarms, series)
	if alarms > series/20 {
		t.Errorf("%d of %d growing signals without a change are likely regressed", alarms, series)
	}
}

// growing is a signal with a daily season that grows by a share a day, from midnight on.
func growing(seed uint64, n int, share float64) Values {
	r := rand.New(rand.NewPCG(seed, 9))
	x, drift := make(Values, n), 0.0
	for i := range x {
		drift = 0.9*drift + 0.02*r.NormFloat64()
		days := float64(i) / 1440
		x[i] = 100 * math.Pow(1+share, days) * (1 + 0.4*math.Sin(2*math.Pi*days) + drift)
	}
	return x
}
