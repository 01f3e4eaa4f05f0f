package detector

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// livedSeries is a counter of a pod and a code, by minutes: rate says by how much it grows in a
// minute, and there whether the store has its sample.
func livedSeries(pod, code string, minutes int, rate func(i int) float64, there func(i int) bool) sources.Series {
	s := sources.Series{Labels: map[string]string{"pod": pod, "code": code}}
	v := 1000.0
	for i := -1; i < minutes; i++ {
		v += rate(i)
		if there(i) {
			s.Samples = append(s.Samples, sources.Sample{T: deploy.Add(time.Duration(i+1) * time.Minute).UnixMilli(), V: v})
		}
	}
	return s
}

// manyPods is a history of a day: each of four pods serves a hundred requests a minute, one of
// which fails.
func manyPods(rate func(pod, i int) float64, there func(pod int, code string, i int) bool) (Raw, Grid) {
	r := rand.New(rand.NewPCG(1, 2))
	raw := Raw{Form: FormCounts}
	const minutes = 1440
	for pod := range 4 {
		for code, share := range map[string]float64{"200": 0.99, "500": 0.01} {
			s := livedSeries(strconv.Itoa(pod), code, minutes, func(i int) float64 {
				return float64(int(rate(pod, i)*share + 3*share*r.Float64()))
			}, func(i int) bool { return there(pod, code, i) })
			if raw.Value = append(raw.Value, s); code == "500" {
				raw.Part = append(raw.Part, s)
			}
		}
	}
	return raw, Grid{Start: deploy, Tick: time.Minute, N: minutes}
}

func TestIncompleteTicksOfAHistory(t *testing.T) {
	steady := func(int, int) float64 { return 100 }
	always := func(int, string, int) bool { return true }
	lost := func(i int) bool { return i >= 700 && i < 760 }
	hour := append(ticksUpTo(700, 760), 760)
	f := func(name string, rate func(pod, i int) float64, there func(pod int, code string, i int) bool, want []int) {
		t.Helper()
		raw, g := manyPods(rate, there)
		got := slices.Sorted(slices.Values(TabulateHistory(raw, g, 30).Incomplete))
		if !slices.Equal(got, want) {
			t.Errorf("%s: incomplete are %v, want %v", name, got, want)
		}
	}
	f("all there", steady, always, nil)
	f("the good requests are missing", steady, func(_ int, code string, i int) bool { return code == "500" || !lost(i) }, hour)
	f("the failed requests are missing", steady, func(_ int, code string, i int) bool { return code == "200" || !lost(i) }, hour)
	f("three of four pods are missing", steady, func(pod int, _ string, i int) bool { return pod == 0 || !lost(i) }, hour)
	f("one of four pods is missing", steady, func(pod int, _ string, i int) bool { return pod != 0 || !lost(i) }, nil)
	f("everything is missing", steady, func(_ int, _ string, i int) bool { return !lost(i) }, nil)
	f("missing at the end", steady, func(pod int, _ string, i int) bool { return pod == 0 || i < 1410 }, ticksUpTo(1410, 1440))
	f("gone for good", steady, func(pod int, _ string, i int) bool { return pod == 0 || i < 700 }, nil)

	f("pods scaled down before traffic falls", func(pod, i int) float64 {
		switch {
		case i < 700 || i >= 1000:
			return 100
		case i < 760:
			return 400 // the one that is left serves all
		}
		return 100
	}, func(pod int, _ string, i int) bool { return pod == 0 || i < 700 || i >= 1000 }, nil)
}

// Prometheus repeats the last samples of series that ended for five minutes.
func TestRepeatedSamplesBeforeAGap(t *testing.T) {
	lost := func(i int) bool { return i >= 700 && i < 760 }
	raw, g := manyPods(func(pod, i int) float64 { return 100 }, func(pod int, _ string, i int) bool { return pod == 0 || !lost(i) })
	for _, ss := range [][]sources.Series{raw.Value, raw.Part} {
		for k := range ss {
			s := &ss[k]
			if s.Labels["pod"] == "0" {
				continue
			}
			end := g.at(699).To.UnixMilli()
			at := slices.IndexFunc(s.Samples, func(p sources.Sample) bool { return p.T == end })
			var repeated []sources.Sample
			for i := range 5 {
				repeated = append(repeated, sources.Sample{T: end + int64(i+1)*60_000, V: s.Samples[at].V})
			}
			s.Samples = slices.Insert(slices.Clone(s.Samples), at+1, repeated...)
		}
	}
	got := slices.Sorted(slices.Values(TabulateHistory(raw, g, 30).Incomplete))
	if want := append(ticksUpTo(700, 760), 760); !slices.Equal(got, want) {
		t.Errorf("incomplete are %v, want %v", got, want)
	}
}

// TestIncompleteTicksAreNotLearned: an hour in which only the failures were counted is neither
// a level that the signal has had nor a silence.
func TestIncompleteTicksAreNotLearned(t *testing.T) {
	raw, g := manyPods(func(int, int) float64 { return 100 }, func(_ int, code string, i int) bool {
		return code == "500" || i < 700 || i >= 760
	})
	k := Learn(planOf(time.Minute, errors), errors, History{Start: g.Start, Ticks: TabulateHistory(raw, g, 30)})
	if k.Levels.Highest > 0.05 || k.Ticks > 1440-60 || k.Ticks < 1400-60 {
		t.Errorf("learned from %d ticks: %+v", k.Ticks, k.Levels)
	}
}

// TestIncompleteLevelsOfAHistory holds the same for combined levels and for means.
func TestIncompleteLevelsOfAHistory(t *testing.T) {
	const minutes = 1440
	g := Grid{Start: deploy, Tick: time.Minute, N: minutes}
	lost := func(pod, i int) bool { return pod == 3 && i >= 700 && i < 760 }
	series := func(pod int, v func(i int) float64) sources.Series {
		s := sources.Series{Labels: map[string]string{"pod": strconv.Itoa(pod)}}
		for i := -1; i < minutes; i++ {
			if !lost(pod, i) {
				s.Samples = append(s.Samples, sources.Sample{T: deploy.Add(time.Duration(i+1) * time.Minute).UnixMilli(), V: v(i)})
			}
		}
		return s
	}
	level, mean := Raw{Form: FormLevel, Combine: Mean}, Raw{Form: FormMean}
	r := rand.New(rand.NewPCG(1, 2))
	for pod := range 4 {
		usual := []float64{100, 110, 120, 900}[pod]
		level.Value = append(level.Value, series(pod, func(int) float64 { return usual + r.NormFloat64() }))
		mean.Value = append(mean.Value, series(pod, func(i int) float64 { return 50 * usual * float64(i+2) }))
		mean.Part = append(mean.Part, series(pod, func(i int) float64 { return 50 * float64(i+2) }))
	}
	f := func(name string, raw Raw, want []int) {
		t.Helper()
		if got := slices.Sorted(slices.Values(TabulateHistory(raw, g, 30).Incomplete)); !slices.Equal(got, want) {
			t.Errorf("%s: incomplete are %v, want %v", name, got, want)
		}
	}
	f("the mean of a level", level, ticksUpTo(700, 760))
	f("a mean of events", mean, append(ticksUpTo(700, 760), 760))
	level.Combine = OneOnly
	f("one series", level, nil)
}

// TestWhatRecursIsHowTheSignalIs: half of the pods are gone every night, and nobody serves
// their requests.
func TestWhatRecursIsHowTheSignalIs(t *testing.T) {
	g := Grid{Start: deploy, Tick: time.Minute, N: 5 * 1440}
	at := func(days ...int) (all []absence) {
		for k, d := range days {
			from := d*1440 + 100 + 20*(k%2)
			all = append(all, absence{from, from + 60})
		}
		return all
	}
	f := func(want int, all []absence) {
		t.Helper()
		if got := withoutHabits(all, g); len(got) != want {
			t.Errorf("%v: %v are kept, want %d", all, got, want)
		}
	}
	f(0, at(0, 1, 2, 3, 4))
	f(0, at(0, 2, 4))
	f(2, at(0, 1))
	f(1, at(3))
	f(1, append(at(0, 1, 2, 3), absence{2*1440 + 700, 2*1440 + 760}))
}
