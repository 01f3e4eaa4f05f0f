package detector

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata"
)

// clockTraffic is n ticks of a level that follows the hours people live by,
// weekends flatter, from a moment on.
func clockTraffic(r *rand.Rand, zone *time.Location, from time.Time, tick time.Duration, n int) Values {
	v := make(Values, n)
	for i := range v {
		at := from.Add(time.Duration(i) * tick).In(zone)
		hour, swell := float64(at.Hour())+float64(at.Minute())/60, 50.0
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
			swell = 35
		}
		v[i] = 200 + swell*math.Sin((hour-8)/24*2*math.Pi) + 4*r.NormFloat64()
	}
	return v
}

// TestClocksThatChange: the seasons count in hours that pass, and people's days
// are an hour longer or shorter twice a year. Changes of the week behind, that
// do nothing, must not be blamed for it; and one that does is found all the
// same.
func TestClocksThatChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	latency := Signal{Name: "latency", Kind: Level, Worse: Higher}
	p := planOf(5*time.Minute, latency)
	f := func(name string, switched time.Time, seed uint64) {
		t.Helper()
		r := rand.New(rand.NewPCG(seed, 7))
		alarms, found, tried := 0, 0, 0
		for hours := 1; hours < 7*24; hours += 4 {
			at := switched.Add(time.Duration(hours) * time.Hour)
			const past, whole = 10 * 288, 10*288 + 30
			x := clockTraffic(r, berlin, at.Add(-past*p.Tick), p.Tick, whole)
			k := Profiles{"latency": Learn(p, latency, History{Start: at.Add(-past * p.Tick), Ticks: Ticks{Value: x[:past]}})}
			worst := func(add float64) Grade {
				after := make(Values, 30)
				for i := range after {
					after[i] = x[past+i] + add
				}
				return Judge(p, k, Observation{At: at.Add(30 * p.Tick), From: at, StartedAt: at, Final: true, Readings: []Reading{
					{Signal: "latency", Supply: Fresh, Before: Ticks{Value: x[past-30 : past]}, After: Ticks{Value: after}},
				}}).Signals[0].Grade
			}
			tried++
			alarms += count(worst(0) >= Likely)
			found += count(worst(60) >= Likely)
		}
		t.Logf("%s: %d of %d alarmed, %d found", name, alarms, tried, found)
		if alarms > tried/20 {
			t.Errorf("%s: %d of %d changes that did nothing alarmed", name, alarms, tried)
		}
		if found < tried*9/10 {
			t.Errorf("%s: %d of %d found", name, found, tried)
		}
	}
	f("clocks as ever", time.Date(2026, 6, 14, 1, 0, 0, 0, time.UTC), 1)
	f("an hour is left out", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), 2)
	f("an hour comes twice", time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), 3)
}
