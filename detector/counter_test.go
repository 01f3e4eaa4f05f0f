package detector

import (
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// labelled gives a series labels.
func labelled(s sources.Series, pairs ...string) sources.Series {
	s.Labels = map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		s.Labels[pairs[i]] = pairs[i+1]
	}
	return s
}

// steadily are n samples from a value on, each by so much higher than the last.
func steadily(from, by float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = from + by*float64(i)
	}
	return values
}

// TestCounterSteps reads one counter of bad events beside one that grows by 600 a minute. The
// first eight increases are usual ones.
func TestCounterSteps(t *testing.T) {
	f := func(name string, from float64, values []float64, want ...float64) {
		t.Helper()
		bad := labelled(minutes(append(steadily(from, 1, 9), values...)...), "code", "500")
		good := labelled(minutes(steadily(1e6, 600, 9+len(values))...), "code", "200")
		r := Raw{Form: FormCounts, Value: []sources.Series{good, bad}, Part: []sources.Series{bad}}
		got := Tabulate(r, grid(8+len(values)))
		same(t, name, got.Bad[8:], Values(want))
	}
	f("a third replica, where the second was not shown for ten samples", 50000,
		[]float64{30009, 50010, 30011, 50012, 30013, 50014, 50015, 50016, 50017, 50018, 50019, 50020, 50021, 49900, 50023},
		0, 2, 0, 2, 0, 2, 1, 1, 1, 1, 1, 1, 1, 0, 2)
	f("a dip by one", 50000, []float64{50007, 50010}, 0, 2)
	f("a dip by 5 %", 50000, []float64{47500, 50010}, 0, 2)
	f("a dip of few by one", 20, []float64{26, 30}, 0, 2)
	f("a dip that stays is a replica that takes over", 50000, []float64{47500, 47501, 47503}, 0, 1, 2)
	f("replicas in turn, a minute apart", 50000, []float64{50007, 50010, 50009, 50012, 50011}, 0, 2, 0, 2, 0)
	f("replicas in turn, far apart", 50000, []float64{47000, 50010, 47002, 50012, 47004, 50014, 47006}, 0, 2, 0, 2, 0, 2, 1)
	f("seen twice around a restart of which the other counter knows nothing", 50000, []float64{42, 50010, 44, 50012}, 0, 2, 0, 2)
	f("more errors", 50000, []float64{50033, 50058}, 25, 25)
	f("a step that does not go on", 50000, []float64{90000, 90001}, gap, 1)
	f("a step that goes on", 50000, []float64{55008, 60008}, 5000, gap)
}

// TestJobs holds that what a job counts at once is counted, where it stood still before.
func TestJobs(t *testing.T) {
	job := minutes(append(steadily(7000, 0, 9), 8000, 8000, 8000)...)
	same(t, "processed", increases([]sources.Series{job}, grid(11))[8:], Values{1000, 0, 0})
}

// TestRestarts holds that what a restarted process counted since is counted.
func TestRestarts(t *testing.T) {
	f := func(name string, good, bad, want []float64) {
		t.Helper()
		g := labelled(minutes(append(steadily(1e6, 600, 9), good...)...), "code", "200")
		b := labelled(minutes(append(steadily(50000, 1, 9), bad...)...), "code", "500")
		got := Tabulate(Raw{Form: FormCounts, Value: []sources.Series{g, b}, Part: []sources.Series{b}}, grid(8+len(good)))
		same(t, name, got.Bad[8:], Values(want))
	}
	f("both counters restart", []float64{590, 1190}, []float64{30, 60}, []float64{30, 30})
	f("both restart and are seen twice", []float64{590, 1006000, 1190}, []float64{30, 50010, 60}, []float64{30, 0, 30})
	f("neither can have come to its value", []float64{400000, 400600}, []float64{4000, 4001}, []float64{gap, 1})
}

// TestAppearances holds what a series counts from that appears late.
func TestAppearances(t *testing.T) {
	usual := labelled(minutes(steadily(1e6, 600, 12)...), "code", "200")
	f := func(name string, want []float64, more ...sources.Series) {
		t.Helper()
		r := Raw{Form: FormCounts, Value: append([]sources.Series{usual}, more...), Part: more}
		same(t, name, Tabulate(r, grid(11)).Bad[8:], Values(want))
	}
	absent := []float64{gap, gap, gap, gap, gap, gap, gap, gap, gap}
	late := func(pod string, values ...float64) sources.Series {
		return labelled(minutes(append(absent, values...)...), "code", "500", "pod", pod)
	}
	f("the first errors of a service that never had any", []float64{25, 25, 25}, late("a", 25, 50, 75))
	f("a service of which every request fails", []float64{600, 600, 600}, late("a", 600, 1200, 1800))
	f("more than any other series in a minute, which goes on", []float64{1100, 1100, 1100}, late("a", 1100, 2200, 3300))
	f("a lifetime within the traffic of three minutes", []float64{0, 1, 1}, late("a", 1100, 1101, 1102))
	f("a lifetime", []float64{0, 1, 1}, late("a", 8000, 8001, 8002))
	f("a small lifetime beside a large one", []float64{0, 1, 1}, late("a", 8000, 8001, 8002), late("b", 90, 90, 90))
	f("three lifetimes", []float64{0, 3, 3}, late("a", 8000, 8001, 8002), late("b", 8000, 8001, 8002), late("c", 8000, 8001, 8002))
}

// TestHistogramsWithoutTheEdge holds that a pod without the chosen bucket leaves the total,
// and that two spellings of an edge are one bucket.
func TestHistogramsWithoutTheEdge(t *testing.T) {
	count := func(pod string) sources.Series {
		return labelled(minutes(steadily(0, 100, 12)...), "__name__", "h_count", "pod", pod)
	}
	fast := func(pod, le string, values ...float64) sources.Series {
		return labelled(minutes(values...), "__name__", "h_bucket", "pod", pod, "le", le)
	}
	r := Raw{
		Form:  FormSlow,
		Value: []sources.Series{count("a"), count("b"), count("c")},
		Part: []sources.Series{
			fast("a", "1", append(steadily(0, 90, 6), gap, gap, gap, gap, gap, gap)...),
			fast("a", "1.0", append([]float64{gap, gap, gap, gap, gap, gap}, steadily(540, 90, 6)...)...),
			fast("c", "1", append(steadily(0, 90, 6), gap, gap, gap, gap, gap, gap)...),
		},
	}
	got := Tabulate(r, grid(11))
	same(t, "slow", got.Bad, Values{20, 20, 20, 20, 20, 10, 10, 10, 10, 10, 10})
	same(t, "all", got.Total, Values{200, 200, 200, 200, 200, 100, 100, 100, 100, 100, 100})
}

// TestHistogramDips holds that a mean is not torn apart where one of its counters dips.
func TestHistogramDips(t *testing.T) {
	f := func(name string, count, sum []float64, want ...float64) {
		t.Helper()
		r := Raw{Form: FormMean, Value: []sources.Series{minutes(append(steadily(5000, 60, 9), sum...)...)}, Part: []sources.Series{minutes(append(steadily(50000, 600, 9), count...)...)}}
		same(t, name, Tabulate(r, grid(8+len(count))).Value[8:], Values(want))
	}
	f("nothing", []float64{55400, 56000}, []float64{5540, 5600}, .1, .1)
	f("the sum dips", []float64{55400, 56000}, []float64{5470, 5600}, gap, .1)
	f("the count dips", []float64{54799, 56000}, []float64{5540, 5600}, gap, .1)
	f("both dip by 5 %", []float64{52000, 56000}, []float64{5200, 5600}, gap, .1)
	f("both restart", []float64{590, 1190}, []float64{59, 119}, .1, .1)
	f("both restart, ten times slower", []float64{590, 1190}, []float64{590, 1190}, 1, 1)
}

// TestVanishedSeries holds which ticks are incomplete.
func TestVanishedSeries(t *testing.T) {
	good := func(n int, by float64) sources.Series { return labelled(minutes(steadily(0, by, n)...), "code", "200") }
	bad := labelled(minutes(steadily(0, 1, 13)...), "code", "500")
	g := Grids{Before: grid(8), After: Grid{Start: deploy.Add(8 * time.Minute), Tick: time.Minute, N: 3}}
	past := Raw{Form: FormCounts, Value: []sources.Series{good(9, 600), bad}, Part: []sources.Series{bad}}
	f := func(name string, want []int, now ...sources.Series) {
		t.Helper()
		_, after, _ := Around(past, Raw{Form: FormCounts, Value: now, Part: []sources.Series{bad}}, g)
		same(t, name, after.Incomplete, want)
	}
	f("nothing is gone", nil, good(12, 600), bad)
	f("what went well is gone", []int{0, 1, 2}, bad)
	f("it goes after a tick", []int{1, 2}, good(10, 600), bad)
	f("another took its place", nil, labelled(minutes(append([]float64{gap, gap, gap, gap, gap, gap, gap, gap, gap}, steadily(600, 600, 4)...)...), "code", "200", "pod", "new"), bad)
}
