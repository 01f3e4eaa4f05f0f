package detector

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// TestOutagesAreLeftOut holds what cannot be usual in a history and what may be: only what is
// far beyond everything else, comes back, and does not recur.
func TestOutagesAreLeftOut(t *testing.T) {
	f := func(name string, days int, change func(x Values), want ...stretch) {
		t.Helper()
		x := wander(5, days*1440, 1440, 20, 0.5)
		change(x)
		got := outages(x, time.Minute)
		if len(got) != len(want) {
			t.Errorf("%s: left out %v, want %v", name, got, want)
			return
		}
		for i, w := range want {
			if g := got[i]; g.from > w.from || g.to < w.to || w.from-g.from > 15 || g.to-w.to > 15 {
				t.Errorf("%s: left out %v, want %v and little more", name, got, want)
			}
		}
	}
	raise := func(by float64, stretches ...stretch) func(x Values) {
		return func(x Values) {
			for _, s := range stretches {
				for i := s.from; i < s.to; i++ {
					x[i] += by
				}
			}
		}
	}
	const d = 1440
	f("nothing", 7, raise(0))
	f("ten minutes", 7, raise(60, stretch{5000, 5010}), stretch{5000, 5010})
	f("an hour", 7, raise(60, stretch{5000, 5060}), stretch{5000, 5060})
	f("four hours, down", 7, raise(-60, stretch{5000, 5240}), stretch{5000, 5240})
	f("two, at other times", 7, raise(60, stretch{2500, 2530}, stretch{7100, 7160}), stretch{2500, 2530}, stretch{7100, 7160})
	f("in two days", 2, raise(90, stretch{1600, 1640}), stretch{1600, 1640})

	f("little more than usual", 7, raise(4, stretch{5000, 5060}))
	f("a spike", 7, raise(500, stretch{5000, 5002}))
	f("three places", 7, raise(60, stretch{2500, 2530}, stretch{5100, 5160}, stretch{7300, 7350}))
	f("two places in two days", 2, raise(60, stretch{1000, 1030}, stretch{1900, 1930}))
	f("a nightly batch of two nights", 7, raise(60, stretch{3*d + 120, 3*d + 150}, stretch{4*d + 125, 4*d + 155}))
	f("a nightly batch", 2, raise(60, stretch{120, 150}, stretch{d + 120, d + 150}))
	f("one day cannot tell", 1, raise(60, stretch{700, 730}))
	f("a shift that stays", 7, raise(60, stretch{5000, 7 * d}))
	f("a shift that stays for two days", 7, raise(60, stretch{5000, 5000 + 2*d}))
	f("three hours of two days", 2, raise(300, stretch{1000, 1180}), stretch{1000, 1180})
	f("whose time of the other day is near the end", 2, raise(300, stretch{1200, 1320}), stretch{1200, 1320})
	f("the same, which came again", 2, raise(300, stretch{1200, 1320}, stretch{2640, 2760}))
	f("more than a tenth of two days", 2, raise(300, stretch{1000, 1310}))
	f("more than a twentieth of five days", 5, raise(60, stretch{3000, 3380}))
	f("six hours of seven days", 7, raise(60, stretch{3000, 3360}), stretch{3000, 3360})
	f("at the end", 7, raise(60, stretch{7*d - 20, 7 * d}))
	f("a day of the three asked for", 3, func(x Values) {
		raise(60, stretch{2*d + 700, 2*d + 730})(x)
		fillMissing(x[:2*d])
	})
	f("all missing", 7, func(x Values) { fillMissing(x) })
	f("hourly", 7, func(x Values) {
		for i := range x {
			if i%60 < 10 {
				x[i] += 60
			}
		}
	})
}

func fillMissing(x Values) {
	for i := range x {
		x[i] = math.NaN()
	}
}

// TestNoiseIsNoOutage: nothing is left out of noise of many kinds, or so seldom and so little
// that no tail gets lighter by it.
func TestNoiseIsNoOutage(t *testing.T) {
	f := func(name string, most int, draw func(r *rand.Rand, i int, last float64) float64) {
		t.Helper()
		n := 0
		for seed := range uint64(20) {
			r, x := rand.New(rand.NewPCG(seed, 3)), make(Values, 7*1440)
			last := 0.0
			for i := range x {
				last = draw(r, i, last)
				x[i] = last
			}
			n += len(outages(x, time.Minute))
		}
		if n > most {
			t.Errorf("%s: %d stretches left out of 20 histories, at most %d are expected", name, n, most)
		}
	}
	f("white", 0, func(r *rand.Rand, _ int, _ float64) float64 { return r.NormFloat64() })
	f("memory", 0, func(r *rand.Rand, _ int, last float64) float64 { return 0.99*last + r.NormFloat64() })
	f("random walk", 0, func(r *rand.Rand, _ int, last float64) float64 { return last + r.NormFloat64() })
	f("heavy tails", 0, func(r *rand.Rand, _ int, _ float64) float64 {
		return r.NormFloat64() / math.Sqrt((r.ExpFloat64()+r.ExpFloat64())/2)
	})
	f("lognormal", 0, func(r *rand.Rand, _ int, _ float64) float64 { return math.Exp(r.NormFloat64()) })
	f("sparse spikes", 0, func(r *rand.Rand, _ int, _ float64) float64 {
		return r.ExpFloat64() * float64(r.IntN(50)/49)
	})
	f("few events", 0, func(r *rand.Rand, _ int, _ float64) float64 { return poisson(r, 0.02) })
	f("saw-tooth", 0, func(r *rand.Rand, i int, _ float64) float64 { return float64(i%70) + r.NormFloat64() })
}

// TestAnOutageHidesNothing: a regression after a history with an outage has about the p of one without
// it, the page says what was left out, and the stored profile knows it.
func TestAnOutageHidesNothing(t *testing.T) {
	plan := planOf(time.Minute, latency)
	judged := func(outage bool) Evidence {
		x := wander(6, 7*1440+30, 1440, 20, 0.5)
		for i := 5000; outage && i < 5100; i++ {
			x[i] += 80
		}
		after := slices.Clone(x[7*1440:])
		for i := range after {
			after[i] += 4
		}
		packed, err := Learn(plan, latency, History{Start: deploy.Add(-7 * day), Ticks: Ticks{Value: x[:7*1440]}}).Pack()
		if err != nil {
			t.Fatal(err)
		}
		k, err := Unpack(packed)
		if err != nil {
			t.Fatal(err)
		}
		return Judge(plan, Profiles{"latency": k}, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{
			{Signal: "latency", Supply: Fresh, Before: Ticks{Value: x[7*1440-30 : 7*1440]}, After: Ticks{Value: after}},
		}}).Signals[0]
	}
	with, without := judged(true), judged(false)
	if with.RawP > 3*without.RawP || without.RawP > 0.01 {
		t.Errorf("p %v after an outage in the history, %v without", with.RawP, without.RawP)
	}
	if len(without.LeftOut) != 0 || len(with.LeftOut) != 1 {
		t.Fatalf("left out %v, without an outage %v", with.LeftOut, without.LeftOut)
	}
	if got, want := with.LeftOut.String(), "1 stretch (2026-02-26 23:12 to 2026-02-27 01:06 UTC)"; got != want {
		t.Errorf("left out %s, want %s", got, want)
	}
}

// TestGoodChangesAreNoOutages: what a deploy did that ended well is part of the usual.
func TestGoodChangesAreNoOutages(t *testing.T) {
	start := deploy.Add(-7 * day)
	x := wander(6, 7*1440, 1440, 20, 0.5)
	for i := 5000; i < 5020; i++ {
		x[i] += 80
	}
	h := History{Start: start, Ticks: Ticks{Value: x}}
	if left := Learn(planOf(time.Minute, latency), latency, h).LeftOut; len(left) != 1 {
		t.Fatalf("without a change, left out %v", left)
	}
	at := start.Add(4995 * time.Minute)
	h.Good = []GoodChange{{BaseAt: at, FinishedAt: at.Add(5 * time.Minute)}}
	if left := Learn(planOf(time.Minute, latency), latency, h).LeftOut; len(left) != 0 {
		t.Errorf("beside a good change, left out %v", left)
	}
}

// TestLeftOutOutagesAreCounted: after two outages of a signal that is otherwise flat, a third is
// three times as usual as the first would be.
func TestLeftOutOutagesAreCounted(t *testing.T) {
	plan := planOf(time.Minute, latency)
	p := func(outages ...int) float64 {
		x := make(Values, 14*1440)
		for i := range x {
			x[i] = 1
		}
		for _, at := range outages {
			for i := at; i < at+15; i++ {
				x[i] = 2
			}
		}
		k := Learn(plan, latency, History{Start: deploy.Add(-14 * day), Ticks: Ticks{Value: x}})
		if len(k.LeftOut) != len(outages) {
			t.Fatalf("left out %v of %d outages", k.LeftOut, len(outages))
		}
		after := Values{2, 2, 2, 2, 2}
		return Judge(plan, Profiles{"latency": k}, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{
			{Signal: "latency", Supply: Fresh, Before: Ticks{Value: x[len(x)-30:]}, After: Ticks{Value: after}},
		}}).Signals[0].RawP
	}
	none, two := p(), p(5000, 12345)
	if two < 2.9*none {
		t.Errorf("p %v after two outages of 14 days, %v after none", two, none)
	}
}

func TestWindowsInWords(t *testing.T) {
	w := Windows{
		{From: deploy, To: deploy.Add(time.Hour)},
		sources.Window{From: deploy.Add(day), To: deploy.Add(day + 20*time.Minute)},
	}
	if got, want := w.String(), "2 stretches (2026-03-02 12:00 to 13:00, 2026-03-03 12:00 to 12:20 UTC)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
