package detector

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// falling is a signal that swings by 40 % in a day and falls by 15 % from day to day. Its change comes at an hour
// of the day.
func falling(days, hour int) Values {
	n := days * 1440
	x := wander(uint64(days+hour), n+30, 1440, 0, 0.3)
	for i := range x {
		swing := math.Sin(2 * math.Pi * float64(i-n+60*hour) / 1440)
		x[i] = 100*(1+0.4*swing)*math.Pow(0.85, float64(i-n)/1440) + x[i] - 100
	}
	return x
}

// TestFallingSignal: a signal that falls from day to day is lowest where it is now, and that is no outage:
// a regression to half as much again is found at every hour, and none where nothing happens.
func TestFallingSignal(t *testing.T) {
	for hour := 0; hour < 24; hour += 3 {
		x, name := falling(12, hour), fmt.Sprintf("at %d h", hour)
		if worst := worstGrade(watchLevel(gauge, x, 30)); worst > Suspect {
			t.Errorf("%s: nothing happens: %s", name, worst)
		}
		for i := len(x) - 30; i < len(x); i++ {
			x[i] *= 1.5
		}
		if worst := worstGrade(watchLevel(gauge, x, 30)); worst < Likely {
			t.Errorf("%s: a regression: %s", name, worst)
		}
	}
}

// TestFallingSignalHasNoFloor: both scans forecast the lowest hour of a falling signal as low as it is.
func TestFallingSignalHasNoFloor(t *testing.T) {
	x, p := falling(12, 18), planOf(time.Minute, gauge)
	n := len(x) - 30
	k := Learn(p, gauge, History{Start: deploy.Add(-time.Duration(n) * time.Minute), Ticks: Ticks{Value: x[:n]}})
	trial := openTrial(&p, gauge, Profiles{"x": k}, &Observation{StartedAt: deploy, From: deploy, Readings: []Reading{
		{Signal: "x", Supply: Fresh, Before: Ticks{Value: x[n-30 : n]}, After: Ticks{Value: x[n:]}},
	}})
	f := trial.begin(upward)
	for _, track := range []*track{&f.track, f.plain} {
		if at := track.forecast[0]; at >= k.Levels.Q05 || math.Abs(at-x[n]) > 5 {
			t.Errorf("%s: forecast %v where the signal is at %v, and 19 of 20 ticks are above %v", track.scan.Forecaster, at, x[n], k.Levels.Q05)
		}
	}
}

// TestImprovedSignal: a regression of what was improved some hours ago is found, although it is better
// than what was usual before that. What was low for an hour and comes back is no regression.
func TestImprovedSignal(t *testing.T) {
	f := func(name string, lowTicks int, worse float64, found bool) {
		t.Helper()
		n := 9 * 1440
		x := wander(3, n+30, 1440, 0, 0.3)
		for i := n - lowTicks; i < n; i++ {
			x[i] -= 60
		}
		for i := n; i < len(x); i++ {
			x[i] += worse - 60
		}
		if worst := worstGrade(watchLevel(gauge, x, 30)); (worst >= Likely) != found {
			t.Errorf("%s: %s", name, worst)
		}
	}
	f("improved six hours ago, nothing happens", 360, 0, false)
	f("improved six hours ago, then half as bad again", 360, 20, true)
	f("low for an hour, then back", 60, 60, false)
	f("low for an hour, then back and beyond", 60, 90, true)
}
