package detector

import (
	"math"
	"slices"
	"testing"
	"time"
)

// TestLongLevelIsLearned: noise that comes back to its level is forecast there, and a walk, which comes
// back to nothing, is not.
func TestLongLevelIsLearned(t *testing.T) {
	believed := func(x Values) float64 { return taught(x)[0].Weights[2*longLevel] }
	noise, walk := wander(5, 1500, 288, 0, 0), wander(6, 1500, 288, 0, 0)
	for i := range walk {
		if i > 0 {
			walk[i] += walk[i-1] - 100
		}
	}
	if w := believed(noise); w < 0.7 {
		t.Errorf("white noise believes %.2f of its long level", w)
	}
	if w := believed(walk); w > 0.2 {
		t.Errorf("a walk believes %.2f of its long level", w)
	}
}

// alwaysMatters is a signal of which every rise matters.
var alwaysMatters = Signal{Name: "x", Kind: Level, Worse: Higher}

// noiseAlarms counts, of series of white noise, those in which a change is an alarm. One move comes so many ticks ahead
// of it and after the profile ends, another one with it.
func noiseAlarms(series, ago int, before, with float64) int {
	const history = 2880
	p, alarms := planOf(time.Minute, alwaysMatters), 0
	for seed := range uint64(series) {
		x := wander(1000+seed, history+ago+p.After, history, 0, 0)
		for i := history; i < len(x); i++ {
			if x[i] += before; i >= history+ago {
				x[i] += with
			}
		}
		start := deploy.Add(-time.Duration(history+ago) * time.Minute)
		k := Learn(p, alwaysMatters, History{Start: start, Ticks: Ticks{Value: x[:history]}})
		if likelyAfter(p, k, x[history+ago-p.Before:]) {
			alarms++
		}
	}
	return alarms
}

// TestLongLevelFindsMore: in noise that comes back to its level, a lasting shift by σ is found. By the median of thirty
// ticks alone it was in three of four series.
func TestLongLevelFindsMore(t *testing.T) {
	const series = 60
	if found := noiseAlarms(series, 60, 0, 1); found < series*19/20 {
		t.Errorf("a shift by σ is found in %d of %d series", found, series)
	}
}

// TestAcceptedMoveIsNoAlarm: a signal that moved an hour ago, because of a change that everybody is content with, has
// not come back for the next change to answer for. The profile is older than the move.
func TestAcceptedMoveIsNoAlarm(t *testing.T) {
	const series = 60
	for _, move := range []float64{1, 1.5, 3} {
		if alarms := noiseAlarms(series, 60, move, 0); alarms > series/8 { // 19 where the distance is cut and not faded
			t.Errorf("%d of %d changes after a move by %g σ are alarms", alarms, series, move)
		}
	}
}

// likelyAfter judges what follows a before window tick by tick.
func likelyAfter(p Plan, k Profile, x Values) bool {
	o := Observation{StartedAt: deploy, From: deploy}
	for n := 1; n <= p.After; n++ {
		o.At = deploy.Add(time.Duration(n) * p.Tick)
		o.Readings = []Reading{{Signal: p.Signals[0].Name, Supply: Fresh, Before: Ticks{Value: x[:p.Before]}, After: Ticks{Value: x[p.Before : p.Before+n]}}}
		if Judge(p, Profiles{p.Signals[0].Name: k}, o).Signals[0].Grade >= Likely {
			return true
		}
	}
	return false
}

func TestDistanceFades(t *testing.T) {
	for distance, want := range map[float64]float64{0: 0, 1: 1, -2: -2, 3: 1, -3: -1, 4: 0, -100: 0} {
		if got := faded(distance, 2); got != want {
			t.Errorf("of %v, %v counts where most windows are within 2, want %v", distance, got, want)
		}
	}
}

// TestLongLevelOfGaps: where nothing was measured for long, the long level is the one known last.
func TestLongLevelOfGaps(t *testing.T) {
	x := slices.Concat(wander(8, 600, 288, 0, 0), gapOf(longWindows*30+100))
	l := learnerOf(x, blendPlan)
	defer l.work.done()
	if !math.IsNaN(l.long[len(x)]) || !math.IsNaN(l.long[leastLong*30-1]) || math.IsNaN(l.long[leastLong*30]) {
		t.Errorf("long levels of %v, %v and %v", l.long[leastLong*30-1], l.long[leastLong*30], l.long[len(x)])
	}
	if last := lastLong(l.long); math.Abs(last-100) > 0.5 {
		t.Errorf("the long level known last is %v", last)
	}
	if none := lastLong(gapOf(3)); none != 0 {
		t.Errorf("of nothing it is %v", none)
	}
}

// TestProfilesWithoutLongLevel: a profile that was stored before there was a long level judges as it did then.
func TestProfilesWithoutLongLevel(t *testing.T) {
	for name, x := range map[string]Values{"blend": wander(9, 900, 288, 0, 0.2), "daily blend": wander(10, 2100, 288, 40, 0.1)} {
		now := Learn(blendPlan, latency, History{Start: deploy, Ticks: Ticks{Value: x}})
		old := now
		old.Higher = slices.Clone(now.Higher)
		for i, s := range old.Higher {
			old.Higher[i].Long = 0
			old.Higher[i].Limits = slices.Delete(slices.Clone(s.Limits), longLevel, longLevel+1)
			old.Higher[i].Weights = slices.Delete(slices.Clone(s.Weights), 2*longLevel, 2*longLevel+2)
		}
		packed, err := old.Pack()
		if err != nil {
			t.Fatal(err)
		}
		read, err := Unpack(packed)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range read.Higher {
			want := now.Higher[i]
			if !s.complete(waysBack*len(s.Periods)) || s.Weights[2*longLevel] != 0 || s.Weights[2*longLevel+1] != 0 ||
				math.Abs(s.Weights[2*longLevel+2]-want.Weights[2*longLevel+2]) > 1e-6 || len(s.Limits) != len(want.Limits) {
				t.Errorf("%s: weights %v and limits %v, of %v and %v", name, s.Weights, s.Limits, want.Weights, want.Limits)
			}
		}
	}
}

// TestLongLevelsByHand adds up the windows before some ticks one by one.
func TestLongLevelsByHand(t *testing.T) {
	x := wander(11, 4000, 288, 5, 0.5)
	for i := 100; i < len(x); i += 7 {
		x[i] = math.NaN()
	}
	l := learnerOf(x, blendPlan)
	defer l.work.done()
	there := slices.DeleteFunc(slices.Clone(x), math.IsNaN)
	low, high := oracleQuantile(there, 0.01), oracleQuantile(there, 0.99)
	for _, at := range []int{200, longWindows * 30, 3500, len(x)} {
		sum, n := 0.0, 0.0
		for _, v := range x[max(at-longWindows*30, 0):at] {
			if !math.IsNaN(v) {
				sum, n = sum+math.Max(low, math.Min(high, v)), n+1
			}
		}
		near(t, "long level", l.long[at], sum/n, 1e-9)
	}
}
