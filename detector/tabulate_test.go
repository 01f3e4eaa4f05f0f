package detector

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pushback/pushback/sources"
)

var gap = math.NaN()

// every makes a series of one sample a step from deploy on; NaN leaves a
// sample out.
func every(step time.Duration, values ...float64) sources.Series {
	var s sources.Series
	for i, v := range values {
		if !math.IsNaN(v) {
			s.Samples = append(s.Samples, sources.Sample{T: deploy.Add(time.Duration(i) * step).UnixMilli(), V: v})
		}
	}
	return s
}

func minutes(values ...float64) sources.Series { return every(time.Minute, values...) }

func grid(n int) Grid { return Grid{Start: deploy, Tick: time.Minute, N: n} }

func same(t *testing.T, name string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-9, 1e-9), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// increases are what plain counters have grown by.
func increases(ss []sources.Series, g Grid) Values {
	all := plainSeries(ss)
	return countersOf(all, false, false, pacePair{}).increases(all, g)[0].events
}

func TestIncreases(t *testing.T) {
	f := func(name string, want Values, ss ...sources.Series) {
		t.Helper()
		same(t, name, increases(ss, grid(len(want))), want)
	}
	f("plain", Values{5, 7, 0}, minutes(100, 105, 112, 112))
	f("a restart counts from 0", Values{5, 3, 4}, minutes(100, 105, 3, 7))
	f("the growth of a gap falls where samples return", Values{5, gap, 9, 1}, minutes(100, 105, gap, 114, 115))
	f("no sample to start from", Values{gap, 7}, minutes(gap, 105, 112))
	f("a pod born later counts from 0", Values{5, 5 + 4, 5 + 1}, minutes(100, 105, 110, 115), minutes(gap, gap, 4, 5))
	f("a pod that ends", Values{5 + 1, 5, 5}, minutes(100, 105, 110, 115), minutes(1, 2, gap, gap))
	f("finer samples add up", Values{6, 4}, every(30*time.Second, 100, 102, 106, 106, 110))
	f("a sample on the line ends its tick", Values{6, 4}, every(20*time.Second, 100, 101, 102, 106, 107, 108, 110))
	f("nothing", Values{gap, gap})
}

func TestTabulate(t *testing.T) {
	total := []sources.Series{minutes(1000, 1100, 1200, 1300)}
	f := func(name string, r Raw, want Ticks) {
		t.Helper()
		same(t, name, Tabulate(r, grid(len(want.Value))), want)
	}
	f("level takes the newest sample", Raw{Form: FormLevel, Value: []sources.Series{every(30*time.Second, 1, 2, 3, 4, 5)}},
		Ticks{Value: Values{3, 5}})
	f("counts", Raw{Form: FormCounts, Value: total, Part: []sources.Series{minutes(10, 11, 13, 13)}},
		Ticks{Value: Values{.01, .02, 0}, Bad: Values{1, 2, 0}, Total: Values{100, 100, 100}})
	f("absent bad is 0 while total is there", Raw{Form: FormCounts, Value: total},
		Ticks{Value: Values{0, 0, 0}, Bad: Values{0, 0, 0}, Total: Values{100, 100, 100}})
	f("the first error is not lost", Raw{Form: FormCounts, Value: total, Part: []sources.Series{minutes(gap, gap, 7, 8)}},
		Ticks{Value: Values{0, .07, .01}, Bad: Values{0, 7, 1}, Total: Values{100, 100, 100}})
	f("absent total is missing", Raw{Form: FormCounts, Part: []sources.Series{minutes(1, 2, 3)}},
		Ticks{Value: Values{gap, gap}, Bad: Values{1, 1}, Total: Values{gap, gap}})
	f("no traffic has no share", Raw{Form: FormCounts, Value: []sources.Series{minutes(5, 5)}},
		Ticks{Value: Values{gap}, Bad: Values{0}, Total: Values{0}})
	f("slow is what is not in the bucket", Raw{Form: FormSlow, Value: total, Part: []sources.Series{minutes(900, 990, 1050, 1160)}},
		Ticks{Value: Values{.1, .4, 0}, Bad: Values{10, 40, 0}, Total: Values{100, 100, 100}})
	f("mean", Raw{Form: FormMean, Value: []sources.Series{minutes(10, 20, 50)}, Part: []sources.Series{minutes(100, 200, 300)}},
		Ticks{Value: Values{.1, .3}})
	f("ratio", Raw{Form: FormRatio, Value: []sources.Series{minutes(0, 50, 40)}, Part: []sources.Series{minutes(0, 5, gap)}},
		Ticks{Value: Values{.1, 0}, Bad: Values{5, 0}, Total: Values{50, 40}})
	f("unknown form", Raw{Form: "guess", Value: total}, Ticks{Value: Values{gap}})
}

// TestTabulateShiftsNothing holds that where a fetch is cut makes no
// difference to what lies inside.
func TestTabulateShiftsNothing(t *testing.T) {
	r := Raw{Form: FormCounts, Value: []sources.Series{minutes(0, 100, 200, 300, 400, 500)}, Part: []sources.Series{minutes(gap, gap, gap, 4, 9, 9)}}
	b, a, running := around(r, grid(2), Grid{Start: deploy.Add(2 * time.Minute), Tick: time.Minute, N: 2}, deploy.Add(5*time.Minute))
	same(t, "before", b.Bad, Values{0, 0})
	same(t, "after", a.Bad, Values{4, 5})
	same(t, "running", running, Ticks{Value: Values{0}, Bad: Values{0}, Total: Values{100}})
	_, _, running = around(r, grid(2), Grid{Start: deploy.Add(2 * time.Minute), Tick: time.Minute, N: 2}, deploy.Add(4*time.Minute))
	same(t, "no running tick on the line", running, Ticks{})
}

func histogram(minute int, sum float64, buckets ...sources.Bucket) sources.HistogramSample {
	h := sources.HistogramSample{T: deploy.Add(time.Duration(minute) * time.Minute).UnixMilli(), Sum: sum, Buckets: buckets}
	for _, b := range buckets {
		h.Count += b.Count
	}
	return h
}

func TestNativeHistograms(t *testing.T) {
	ss := []sources.Series{{Histograms: []sources.HistogramSample{
		histogram(0, 10, sources.Bucket{Lower: 1, Upper: 4, Count: 10}),
		histogram(1, 40, sources.Bucket{Lower: 1, Upper: 4, Count: 20}, sources.Bucket{Lower: 4, Upper: 8, Count: 2}),
		histogram(2, 6, sources.Bucket{Lower: 1, Upper: 4, Count: 3}), // restarted
	}}}
	same(t, "mean", Tabulate(Raw{Form: FormNativeMean, Value: ss}, grid(2)), Ticks{Value: Values{30.0 / 12, 2}})
	same(t, "slow, halfway on a logarithmic scale", Tabulate(Raw{Form: FormNativeSlow, Value: ss, Edge: 2}, grid(2)),
		Ticks{Value: Values{7.0 / 12, 0.5}, Bad: Values{7, 1.5}, Total: Values{12, 3}})

	f := func(b sources.Bucket, edge, want float64) {
		t.Helper()
		if got := above(histogram(0, 0, b), edge); math.Abs(got-want) > 1e-9 {
			t.Errorf("above(%v, %v) = %v, want %v", b, edge, got, want)
		}
	}
	f(sources.Bucket{Lower: 1, Upper: 2, Count: 8}, 1, 8)
	f(sources.Bucket{Lower: 1, Upper: 2, Count: 8}, 2, 0)
	f(sources.Bucket{Lower: 1, Upper: 2, Count: 8}, 3, 0)
	f(sources.Bucket{Lower: -1, Upper: 1, Count: 8}, 0.5, 2)
	f(sources.Bucket{Lower: 1, Upper: math.Inf(1), Count: 8}, 5, 8)
	f(sources.Bucket{Lower: math.Inf(-1), Upper: 1, Count: 8}, 0, 0)
}

func TestNewest(t *testing.T) {
	if got := Newest(nil); !got.IsZero() {
		t.Errorf("newest of nothing is %v", got)
	}
	ss := []sources.Series{minutes(1, 2), {Histograms: []sources.HistogramSample{histogram(3, 0)}}, {}}
	if got, want := Newest(ss), deploy.Add(3*time.Minute); !got.Equal(want) {
		t.Errorf("newest is %v, want %v", got, want)
	}
}

func TestGrid(t *testing.T) {
	g := grid(2)
	f := func(after time.Duration, want int) {
		t.Helper()
		if got := g.place(deploy.Add(after).UnixMilli()); got != want {
			t.Errorf("%s lies in tick %d, want %d", after, got, want)
		}
	}
	f(-time.Second, -1)
	f(0, -1)
	f(time.Millisecond, 0)
	f(time.Minute, 0)
	f(time.Minute+time.Millisecond, 1)
	f(2*time.Minute, 1)
	f(time.Hour, 2)
	if w := g.Window(); !w.From.Equal(deploy.Add(-time.Minute)) || !w.To.Equal(deploy.Add(2*time.Minute)) {
		t.Errorf("window %v", w)
	}
	if r := g.Running(deploy.Add(10 * time.Minute)); r.N != 0 {
		t.Errorf("a running tick longer than a tick: %+v", r)
	}
}

func TestWords(t *testing.T) {
	f := func(v any, want string) {
		t.Helper()
		got, err := json.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%v is written %s, %v; want %s", v, got, err, want)
		}
	}
	f(map[string]any{"g": Certain, "o": Blind}, `{"g":"certain","o":"blind"}`)
	f(Verdict{}.Outcome, `"inconclusive"`)
	f(Values{1, gap, 0.5, math.Inf(1)}, `[1,null,0.5,null]`)
	f(Values(nil), `null`)

	var back struct {
		G Grade
		O Outcome
		V Values
	}
	if err := json.Unmarshal([]byte(`{"G":"likely","O":"regressed","V":[1,null]}`), &back); err != nil {
		t.Fatal(err)
	}
	if back.G != Likely || back.O != Regressed {
		t.Errorf("read %v", back)
	}
	same(t, "values", back.V, Values{1, gap})
	for _, bad := range []string{`{"G":"sure"}`, `{"O":""}`, `{"V":["1"]}`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
	if _, err := json.Marshal(Grade(9)); err == nil {
		t.Error("grade 9 was written")
	}
}

func TestEveryReasonHasASentence(t *testing.T) {
	all := []Reason{
		TooLittleTraffic, NoBaseline, ShortHistory, BaselineUnhealthy, SourceError, NoData, StaleData, Confounded, Superseded,
		RollingNeverEnded, SignalLost, Transient, UnmatchedSeries, LimitBreached, FailedRollout, RolledBack, StillWatching, SampleRatio, PartialData, BucketsChanged,
		SeveralSeries, BadUnseen, NeededUnseen,
	}
	if len(all) != len(Reasons) {
		t.Errorf("%d reasons, %d sentences", len(all), len(Reasons))
	}
	for _, r := range all {
		if s := Reasons[r]; s == "" || s[len(s)-1] != '.' {
			t.Errorf("%s: %q is no sentence", r, s)
		}
	}
}

// around tabulates one signal before and after a change: the before grid, the full
// after-ticks, and the running tick up to now.
func around(r Raw, before, after Grid, now time.Time) (b, a, running Ticks) {
	return Tabulate(r, before), Tabulate(r, after), Tabulate(r, after.Running(now))
}
