package detector

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestBothScansAreHeard follows a change by each scan alone, and by both.
func TestBothScansAreHeard(t *testing.T) {
	both, seasonal, plain := following(t, 8), following(t, 8), following(t, 8)
	seasonal.plain, plain.track = nil, *plain.plain
	plain.plain = nil
	r := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		v := 100 + 2*r.NormFloat64()
		for _, f := range []*follower{both, seasonal, plain} {
			f.tick(v, 0)
		}
		near(t, "g", both.g, 0.7*seasonal.g+0.3*plain.g, 1e-12)
	}
	if seasonal.g == plain.g {
		t.Error("both scans say the same")
	}
}

// TestAScanNeedsThePlainOneItWasMixedWith: p is of both.
func TestAScanNeedsThePlainOneItWasMixedWith(t *testing.T) {
	s := quiet(8 * 1440)
	f := func(what, forecaster string, change func(k *Profile)) {
		t.Helper()
		k := s.profiles["latency"]
		k.Higher = append([]Scan(nil), k.Higher...)
		change(&k)
		trial, got := openTrial(&s.plan, latency, Profiles{"latency": k}, &s.o), ""
		if f := trial.begin(upward); f != nil {
			got = f.scan.Forecaster
		}
		if got != forecaster {
			t.Errorf("%s: judged by %q, want %q", what, got, forecaster)
		}
	}
	f("as learned", "daily blend", func(*Profile) {})
	f("without the plain scan", "", func(k *Profile) { k.Higher = k.Higher[:1] })
	f("with a plain scan that was not read whole", "", func(k *Profile) { k.Higher[1].Weights = nil })
	f("learned before scans were mixed", "daily blend", func(k *Profile) { k.Higher[0].Plain, k.Higher = 0, k.Higher[:1] })
	f("where the past does not reach the change", "blend", func(k *Profile) { k.Past = nil })
}

// TestShiftOfBothScans: the shift that is found is the one whose scores come to it.
func TestShiftOfBothScans(t *testing.T) {
	x := wander(3, 2100, 288, 40, 0.1)
	k := Learn(blendPlan, latency, History{Start: deploy, Ticks: Ticks{Value: x}})
	s, plain := &k.Higher[0], &k.Higher[1]
	if s.Plain != plainShare || plain.Plain != 0 {
		t.Fatalf("shares of the plain scan: %v and %v", s.Plain, plain.Plain)
	}
	if plain.Scale < 1.2*s.Scale {
		t.Fatalf("σ is %v with the season and %v without: nothing to tell apart", s.Scale, plain.Scale)
	}
	alone, apart := s.lastingShift(30), plain.lastingShift(30)
	for _, score := range []float64{0.5, 2, 5} {
		near(t, "score of the shift of one scan", alone.score(alone.shift(score)), score, 1e-9)
		shift := s.shiftAt(score, 30, plain)
		near(t, "score of the shift of both", 0.7*alone.score(shift)+0.3*apart.score(shift*s.Scale/plain.Scale), score, 1e-6)
		if shift <= alone.shift(score) {
			t.Errorf("both scans see a shift of %v σ, one of them %v", shift, alone.shift(score))
		}
	}
}

// TestHighestScore: the largest score is the same whether means are taken or not.
func TestHighestScore(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		tails := make([]Tail, lengths-int(seed%2)) // a scan of before there was sinceChange has one less
		for i := range tails {
			tails[i] = Tail{Q80: 0.1 + r.Float64(), Excess: 0.05 + r.Float64()}
		}
		noise := &Noise{Memory: 0.3, First: 1, Later: 1, Offset: 0.2}
		units, one, other := unitsOf(tails), newScanner(30, noise), newScanner(30, noise)
		for tick := range 30 {
			v, since := 2*r.NormFloat64(), math.NaN()
			if seed%5 == 0 && r.IntN(4) == 0 {
				v = math.NaN()
			}
			if seed%3 > 0 || tick > 5 {
				since = v
			}
			got, want := one.highest(v, since, tails, &units), largestScore(other.addBoth(v, since), tails)
			if got != want && !(math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want))) {
				t.Fatalf("seed %d, tick %d: %v, and by the means %v", seed, tick, got, want)
			}
		}
	}
}
