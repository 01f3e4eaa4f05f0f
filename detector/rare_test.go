package detector

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

var gauge = Signal{Name: "x", Kind: Level, Worse: Higher}

// watchLevel judges a level tick by tick, the last ticks of x being after the change, and
// returns the evidence of every look.
func watchLevel(s Signal, x Values, after int) []Evidence {
	p, from := planOf(time.Minute, s), len(x)-after
	k := Learn(p, s, History{Start: deploy.Add(-time.Duration(from) * time.Minute), Ticks: Ticks{Value: x[:from]}})
	course, looks := NewCourse(p, Profiles{s.Name: k}), []Evidence{}
	for n := 1; n <= after; n++ {
		looks = append(looks, course.Look(Observation{StartedAt: deploy, From: deploy, Final: n == after, Readings: []Reading{{
			Signal: s.Name, Supply: Fresh, Before: Ticks{Value: x[from-30 : from]}, After: Ticks{Value: x[from : from+n]},
		}}}).Signals[0])
	}
	return looks
}

func worstGrade(looks []Evidence) Grade {
	worst := None
	for _, e := range looks {
		worst = max(worst, e.Grade)
	}
	return worst
}

// flat is a flat series whose last ticks are worse.
func flat(n int, level float64, worse ...float64) Values {
	x := make(Values, n, n+30)
	for i := range x {
		x[i] = level
	}
	for len(worse) < 30 {
		worse = append(worse, level)
	}
	return append(x, worse...)
}

// TestFlatSignalsDoNotAlarm: of a history that never moved, no placebo would have been an alarm.
func TestFlatSignalsDoNotAlarm(t *testing.T) {
	for _, e := range watchLevel(gauge, flat(600, 10), 30) {
		if e.Placebos == 0 || e.AlarmRate != 0 {
			t.Fatalf("%d placebos, alarms at %g of them", e.Placebos, e.AlarmRate)
		}
	}
}

// TestFlatSignalMoves: a success rate that was 1 for two weeks and falls is found by the
// third tick, and one that stays is never suspect.
func TestFlatSignalMoves(t *testing.T) {
	success := Signal{Name: "success", Kind: Level, Worse: Lower}
	const twoWeeks = 14 * 24 * 60
	fallen := make([]float64, 30)
	for i := range fallen {
		fallen[i] = 0.99
	}
	if e := watchLevel(success, flat(twoWeeks, 1, fallen...), 30)[2]; e.Grade < Likely || e.P > 0.001 {
		t.Errorf("1 → 0.99 for three ticks: %s, p %v", e.Grade, e.P)
	}
	if worst := worstGrade(watchLevel(success, flat(twoWeeks, 1), 30)); worst != None {
		t.Errorf("it stayed at 1: %s", worst)
	}
	if worst := worstGrade(watchLevel(success, flat(twoWeeks, 1, 1+1e-12, 1-1e-12), 30)); worst != None {
		t.Errorf("rounding: %s", worst)
	}
	for n, e := range watchLevel(gauge, flat(twoWeeks, 0, 5), 30) {
		if e.Grade > Likely || n > 5 && e.Grade > Suspect {
			t.Errorf("one tick at 5, %d ticks later: %s", n, e.Grade)
		}
	}
}

// TestNearlyConstantSeries: p of a series that has moved twice says what two moves bear out.
func TestNearlyConstantSeries(t *testing.T) {
	x := flat(548, 0, 1)
	x[100], x[400] = 1, 1
	for _, e := range watchLevel(gauge, x, 30) {
		if e.P < 1.0/40 {
			t.Fatalf("p %v from two moves in 548 ticks", e.P)
		}
	}
	for i := len(x) - 30; i < len(x); i++ {
		x[i] = 50
	}
	for _, e := range watchLevel(gauge, x, 30) {
		if e.P < 1.0/300 { // 548 ticks without such a move bear out no more, however long it lasts
			t.Fatalf("p %v of a move far beyond two in 548 ticks", e.P)
		}
	}
}

// TestScaleOfSparseSignal: σ is the usual size of a spike, and not of the rest of the ticks.
func TestScaleOfSparseSignal(t *testing.T) {
	x := flat(2880, 0)
	for i := 17; i < 2880; i += 40 {
		x[i] = 8 + float64(i%3)
	}
	k := Learn(planOf(time.Minute, gauge), gauge, History{Start: deploy, Ticks: Ticks{Value: x[:2880]}})
	if s := k.Higher[0]; s.Scale < 8 || s.Scale > 10 || !s.Rare {
		t.Errorf("σ %v, hardly moves: %v", s.Scale, s.Rare)
	}
}

// TestSparseSignal: spikes of an otherwise empty series become twenty times as high.
func TestSparseSignal(t *testing.T) {
	found, spiked, alarmed := 0, 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 20))
		x := make(Values, 7*24*60+30)
		for i := range x {
			if r.IntN(30) == 0 {
				x[i] = 10 * math.Exp(0.5*r.NormFloat64())
			}
		}
		alarmed += count(worstGrade(watchLevel(gauge, x, 30)) >= Likely)
		spikes := false
		for i := len(x) - 30; i < len(x); i++ {
			x[i] *= 20
			spikes = spikes || x[i] > 0
		}
		spiked += count(spikes)
		found += count(worstGrade(watchLevel(gauge, x, 30)) >= Likely)
	}
	if float64(found) < 0.9*float64(spiked) || alarmed > 2 {
		t.Errorf("spikes × 20 found %d times of %d, alarmed %d times", found, spiked, alarmed)
	}
}

// TestRecordIsAPValue: a tick beyond all of the history comes among the first t after a
// change as often as record says, whatever the ticks' distribution and memory.
func TestRecordIsAPValue(t *testing.T) {
	f := func(name string, draw func(r *rand.Rand, last float64) float64) {
		t.Helper()
		const history, after, series = 500, 30, 4000
		early := map[int]float64{}
		for seed := range uint64(series) {
			r := rand.New(rand.NewPCG(seed, 21))
			s, last := Scan{Seen: history, Worst: leastRecord, Excess: 1, Order: Curve{1}}, 0.0
			for range history {
				last = draw(r, last)
				s.Worst = max(s.Worst, last)
			}
			smallest := 1.0
			for i := range after {
				last = draw(r, last)
				smallest = min(smallest, s.record(last, i+1))
			}
			for _, ticks := range []int{3, 10, 30} {
				if smallest <= float64(ticks+memory)/(history+float64(ticks+memory)) {
					early[ticks]++
				}
			}
		}
		for ticks, n := range early {
			if p := float64(ticks+memory) / (history + float64(ticks+memory)); n/series > p+3*math.Sqrt(p/series) {
				t.Errorf("%s: p ≤ %.4f in %.4f", name, p, n/series)
			}
		}
	}
	f("normal", func(r *rand.Rand, _ float64) float64 { return 10 + r.NormFloat64() })
	f("heavy", func(r *rand.Rand, _ float64) float64 { return 10 + 1/r.Float64() })
	f("with memory", func(r *rand.Rand, last float64) float64 { return 0.8*last + 2 + r.NormFloat64() })
}

// noisy is a steady series with a spike of the given size at each of the given after-ticks.
func noisy(seed uint64, size float64, at ...int) Values {
	r := rand.New(rand.NewPCG(seed, 22))
	x := make(Values, 2880+30)
	for i := range x {
		x[i] = 100 + r.NormFloat64()
	}
	for _, tick := range at {
		x[2880+tick] += size
	}
	return x
}

// TestOneSpikeIsNeverCertain: not even where every effect matters, so that noise beside a
// spike is worse than forecast every second time.
func TestOneSpikeIsNeverCertain(t *testing.T) {
	lasting := 0
	for seed := range uint64(40) {
		if worst := worstGrade(watchLevel(gauge, noisy(seed, 50, 5), 30)); worst != Likely {
			t.Errorf("seed %d: one tick at +50 σ: %s", seed, worst)
		}
		lasting += count(worstGrade(watchLevel(gauge, noisy(seed, 50, 5, 6, 7), 30)) == Certain)
	}
	if lasting < 40 {
		t.Errorf("three ticks at +50 σ certain %d times of 40", lasting)
	}
}

// TestSecondEpisodeIsNotTransient: one episode that is over is transient, two are not.
func TestSecondEpisodeIsNotTransient(t *testing.T) {
	last := func(x Values) Evidence { return watchLevel(gauge, x, 30)[29] }
	gauge.MinEffect.Absolute = 5
	defer func() { gauge.MinEffect = MinEffect{} }()
	if e := last(noisy(3, 30, 4, 5)); e.Grade != Suspect || e.Reason != Transient {
		t.Errorf("one episode: %s %s", e.Grade, e.Reason)
	}
	if e := last(noisy(3, 30, 4, 5, 16, 17)); e.Grade != Likely || e.Reason == Transient {
		t.Errorf("two episodes: %s %s", e.Grade, e.Reason)
	}
}
