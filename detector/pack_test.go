package detector

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestCurveKeepsItsShape: what comes back is as long, misses what was missing,
// and is off by no more than half a step.
func TestCurveKeepsItsShape(t *testing.T) {
	value := rapid.OneOf(rapid.Float64Range(-100, 100), rapid.Just(math.NaN()), rapid.Just(0.0), rapid.Float64Range(-1e99, 1e99))
	rapid.Check(t, func(t *rapid.T) {
		c := Curve(rapid.SliceOfN(value, 0, 200).Draw(t, "curve"))
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Curve
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if len(back) != len(c) {
			t.Fatalf("%d values became %d", len(c), len(back))
		}
		largest := 0.0 // beside it, a double holds small values no finer
		for _, v := range c {
			if !math.IsNaN(v) {
				largest = max(largest, math.Abs(v))
			}
		}
		for i, v := range c {
			if math.IsNaN(v) != math.IsNaN(back[i]) || math.Abs(back[i]-v) > c.step()*0.51+1e-15*largest+1e-12*math.Abs(v) {
				t.Fatalf("%v became %v at %d; the step is %v", v, back[i], i, c.step())
			}
		}
		again, _ := json.Marshal(back)
		var twice Curve
		if err := json.Unmarshal(again, &twice); err != nil || len(twice) != len(back) {
			t.Fatalf("a second time: %v", err)
		}
	})
}

func FuzzUnpackCurve(f *testing.F) {
	f.Add(Curve{1, 2, math.NaN(), 1e9}.pack(0.5))
	f.Add([]byte{255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := unpackCurve(b); err == nil && len(c) > 8*len(b) {
			t.Errorf("%d bytes became %d values", len(b), len(c))
		}
	})
}

// FuzzUnpack: whatever was stored, reading it ends.
func FuzzUnpack(f *testing.F) {
	p := planOf(time.Minute, latency)
	packed, err := Learn(p, latency, History{Start: deploy, Ticks: Ticks{Value: wander(8, 3000, 1440, 40, 0.3)}}).Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = Unpack(b) })
}

// TestRounded leaves all but numbers alone.
func TestRounded(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := string(rounded([]byte(text))); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
	f(`{"a":1.2345678901234,"b":["2026-11-26T16:25:00.123456789Z",3000000001,-0.5e-7,null]}`,
		`{"a":1.2345679,"b":["2026-11-26T16:25:00.123456789Z",3000000001,-5e-08,null]}`)
}

// keptAt are histories as they come: the tick, how many of them, and which way
// is worse.
var keptAt = []struct {
	tick  time.Duration
	ticks int
	worse Worse
}{
	{time.Minute, 14 * 1440, Higher},
	{time.Minute, 14 * 1440, Either},
	{time.Minute, 2 * 1440, Either},
	{time.Minute, 400, Higher},
	{5 * time.Minute, 14 * 288, Either},
	{15 * time.Second, 7 * 60 * 60, Higher},
	{5 * time.Second, 7 * 60 * 60, Either},
	{time.Hour, 14 * 24, Higher},
	{time.Hour, 60 * 24, Either},
	{5 * time.Minute, 8 * 7 * 288, Either},
}

// TestKeptProfile holds how large a profile is as it is stored, and that p by
// the stored form is p by the learned one, to a part in a hundred where it
// matters.
func TestKeptProfile(t *testing.T) {
	for _, c := range keptAt {
		t.Run(fmt.Sprintf("%d ticks of %s, %s", c.ticks, c.tick, c.worse), func(t *testing.T) {
			period := int(day / c.tick)
			x := wander(8, c.ticks+60, period, 40, 0.3)
			s := Signal{Name: "latency", Kind: Level, Worse: c.worse, Unit: "seconds"}
			p := planOf(c.tick, s)
			learned := Learn(p, s, History{Start: deploy.Add(-time.Duration(c.ticks) * c.tick), Ticks: Ticks{Value: x[:c.ticks]}})
			packed, err := learned.Pack()
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d bytes, chain %d, past %d", len(packed), len(learned.Higher), len(learned.Past))
			if len(packed) > 4<<10 {
				t.Errorf("a kept profile takes %d bytes", len(packed))
			}
			kept, err := Unpack(packed)
			if err != nil {
				t.Fatal(err)
			}
			for i, past := range kept.Past {
				t.Logf("the past of %s serves %.1f h of %.1f h", past.Period, reachOf(p, past, kept), reachOf(p, learned.Past[i], learned))
			}
			for _, lift := range []float64{0, 0.5, 1, 1.5, 2, 3, 5} {
				after := make(Values, 30)
				for i := range after {
					after[i] = x[c.ticks+i] + lift
				}
				judged := func(k Profile) Evidence {
					return Judge(p, Profiles{"latency": k}, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{
						{Signal: "latency", Supply: Fresh, Before: Ticks{Value: x[c.ticks-30 : c.ticks]}, After: Ticks{Value: after}},
					}}).Signals[0]
				}
				a, b := judged(learned), judged(kept)
				if a.Forecaster != b.Forecaster {
					t.Fatalf("by %s learned, by %s kept", a.Forecaster, b.Forecaster)
				}
				tolerance := 0.01
				if a.RawP > tailShare {
					tolerance = 0.03 // counted among fewer order statistics
				}
				if off := math.Abs(b.RawP/a.RawP - 1); off > tolerance {
					t.Errorf("lift %v: p %v learned, %v kept, by %s", lift, a.RawP, b.RawP, a.Forecaster)
				}
			}
		})
	}
}

// reachOf is for how many hours after a profile's end a past of it serves.
func reachOf(p Plan, past Past, k Profile) float64 {
	end := past.Start.Add(time.Duration(len(past.Smooth)-p.After) * p.Tick).Add(past.Period)
	return end.Sub(k.End).Hours()
}
