package detector

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestCourseIsJudge: look by look, whatever the looks see, a course says to the
// last bit what judging each look by itself says.
func TestCourseIsJudge(t *testing.T) {
	plan := planOf(propertyTick, Signal{Name: "x", Kind: Level, Worse: Either, MinEffect: MinEffect{Relative: 0.01}}, Signal{Name: "n", Kind: Counts, Worse: Higher})
	rapid.Check(t, func(t *rapid.T) {
		s := stories(t)
		past, before, after := countsOf(t, 440), countsOf(t, 30), countsOf(t, 31)
		start := deploy.Add(-440 * propertyTick)
		k := Profiles{
			"x": Learn(plan, plan.Signals[0], History{Start: start, Ticks: Ticks{Value: s.history}}),
			"n": Learn(plan, plan.Signals[1], History{Start: start, Ticks: past}),
		}
		c := NewCourse(plan, k)
		n := 0
		for range rapid.IntRange(1, 40).Draw(t, "looks") {
			n = min(n+rapid.IntRange(-1, 3).Draw(t, "new ticks"), 30) // a look may come out of order
			n = max(n, 0)
			if late := rapid.IntRange(0, 9).Draw(t, "a late sample"); late == 0 && n > 0 {
				s.after[rapid.IntRange(0, n-1).Draw(t, "at")] = math.NaN()
			}
			filled := rapid.Float64Range(0, 1).Draw(t, "filled")
			o := Observation{StartedAt: deploy, From: deploy, Filled: filled, Final: n == 30, Readings: []Reading{
				{Signal: "x", Supply: Fresh, Before: Ticks{Value: s.before}, After: Ticks{Value: s.after[:n]}},
				{Signal: "n", Supply: Fresh, Before: before, After: Ticks{Value: after.Value[:n], Bad: after.Bad[:n], Total: after.Total[:n]}, Running: Ticks{
					Value: after.Value[n : n+1], Bad: after.Bad[n : n+1], Total: after.Total[n : n+1],
				}},
			}}
			if rapid.IntRange(0, 19).Draw(t, "another before") == 0 {
				o.Readings[0].Before = Ticks{Value: s.history[:30]}
			}
			got, _ := json.Marshal(c.Look(o))
			want, _ := json.Marshal(Judge(plan, k, o))
			if string(got) != string(want) {
				t.Fatalf("after %d ticks\n%s, judged by itself\n%s", n, got, want)
			}
		}
	})
}

// following is a follower at the beginning of a change like any other, after so many days.
func following(t testing.TB, days int) *follower {
	t.Helper()
	s := quiet(days * 1440)
	trial := openTrial(&s.plan, latency, s.profiles, &s.o)
	f := trial.begin(+1)
	if f == nil || (f.plain != nil) != (days >= seasonPeriods) {
		t.Fatal("no scan, or another one")
	}
	return f
}

// back makes a follower forget its ticks.
func (f *follower) back() {
	f.after, f.g, f.scanned, f.record, f.p = f.after[:0], math.Inf(-1), 1, 1, 1
	for _, k := range []*track{&f.track, f.plain} {
		if k != nil {
			k.most = math.Inf(-1)
			k.scanner.reset()
		}
	}
}

// TestTickDoesNotAllocate holds the steady state of a watch: one tick of one
// signal from a kept profile.
func TestTickDoesNotAllocate(t *testing.T) {
	for _, days := range []int{2, 8} {
		f, i := following(t, days), 0
		if n := testing.AllocsPerRun(1000, func() {
			if i++; i%30 == 0 {
				f.back()
			}
			f.tick(100+float64(i%30)/5, 0)
		}); n != 0 {
			t.Errorf("%d days: %v allocations a tick", days, n)
		}
		if f.p >= 1 || math.IsInf(f.g, -1) {
			t.Errorf("%d days: nothing was judged: g %v, p %v", days, f.g, f.p)
		}
	}
}

// BenchmarkTick is one tick by the plain scan, and by one with a season.
func BenchmarkTick(b *testing.B) {
	for _, days := range []int{2, 8} {
		b.Run(fmt.Sprintf("%d days", days), func(b *testing.B) {
			f := following(b, days)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%30 == 0 {
					f.back()
				}
				f.tick(100+float64(i%30)/10, 0)
			}
		})
	}
}
