package detector

import (
	"strings"
	"testing"
	"time"
)

// longBake is a plan of four hours on ticks of eight minutes, with its fine
// horizon, and profiles of both.
func longBake(t *testing.T) (Plan, Profiles) {
	t.Helper()
	fine := latency
	fine.Of, fine.Name = latency.Name, FineName(latency.Name, time.Minute)
	p := Plan{Rule: "r", Tick: 8 * time.Minute, Before: 30, After: 30, Fine: time.Minute, Signals: []Signal{latency, fine}}
	k := Profiles{}
	for _, s := range p.Signals {
		on := p.On(s)
		k[s.Name] = Learn(on, s, History{Start: deploy.Add(-1500 * on.Tick), Ticks: Ticks{Value: wander(21, 1500, 10000, 0, 0.3)}})
	}
	return p, k
}

// looked is a look minutes after the change; lift is what the signal has risen
// by in the minutes given.
func looked(p Plan, k Profiles, minutes int, lift func(minute int) float64) Verdict {
	x := wander(22, 1000, 10000, 0, 0.3)
	o := Observation{StartedAt: deploy, From: deploy, Fine: &Fineness{}, Final: minutes == 240}
	for _, s := range p.Signals {
		on := p.On(s)
		r := Reading{Signal: s.Name, Supply: Fresh, Before: Ticks{Value: x[:30]}}
		for i := range minutes / int(on.Tick/time.Minute) {
			r.After.Value = append(r.After.Value, x[30+i]+lift((i+1)*int(on.Tick/time.Minute)))
		}
		o.Readings = append(o.Readings, r)
	}
	return Judge(p, k, o)
}

// TestLongBakeIsNoSlower: what happens in the first minutes of four hours is
// said in the first minutes.
func TestLongBakeIsNoSlower(t *testing.T) {
	p, k := longBake(t)
	always := func(int) float64 { return 5 }
	v := looked(p, k, 7, always) // no coarse tick is over yet
	if len(v.Signals) != 1 || v.Signals[0].Signal != latency.Name || v.Grade < Likely {
		t.Fatalf("%d signals, %s after 7 minutes", len(v.Signals), v.Grade)
	}
	if notes := strings.Join(v.Signals[0].Notes, " "); !strings.Contains(notes, "ticks of 1 min over the first 30 min") {
		t.Errorf("notes: %s", notes)
	}
	p.Signals, p.Fine = p.Signals[:1], 0
	if alone := looked(p, k, 7, always); alone.Grade > None {
		t.Errorf("%s without the fine horizon", alone.Grade)
	}
}

// TestHorizonsShareTheLevel: two horizons are two chances to be wrong.
func TestHorizonsShareTheLevel(t *testing.T) {
	p, k := longBake(t)
	both := looked(p, k, 240, func(m int) float64 { return float64(m) / 40 })
	p.Signals, p.Fine = p.Signals[:1], 0
	alone := looked(p, k, 240, func(m int) float64 { return float64(m) / 40 })
	if a, b := alone.Signals[0].RawP, both.Signals[0].RawP; b != min(1, 2*a) {
		t.Errorf("p %v alone and %v beside a fine horizon that saw nothing", a, b)
	}
}

// TestHealthNeedsTheWholeBake: a fine horizon that ended well does not end the
// watch, and one that ended ill is not forgotten while its effect lasts.
func TestHealthNeedsTheWholeBake(t *testing.T) {
	p, k := longBake(t)
	f := func(name string, minutes int, lift func(int) float64, want Outcome) {
		t.Helper()
		if v := looked(p, k, minutes, lift); v.Outcome != want {
			t.Errorf("%s: %s, %+v", name, v.Outcome, v.Signals[0])
		}
	}
	quiet := func(int) float64 { return 0 }
	f("half an hour", 30, quiet, Inconclusive)
	f("the whole bake", 240, quiet, Healthy)
	f("worse for good", 240, func(int) float64 { return 6 }, Regressed)
	f("worse for ten minutes", 240, func(m int) float64 {
		if m <= 10 {
			return 8
		}
		return 0
	}, Inconclusive)
}
