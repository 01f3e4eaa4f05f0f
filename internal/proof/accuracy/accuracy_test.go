package accuracy

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
)

// TestMixtures compares with published values of the confseq library.
func TestMixtures(t *testing.T) {
	f := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-5 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	f("best rho", bestTwoSided(100, 0.05), 12.60056)
	f("two-sided", logTwoSided(10, 100, bestTwoSided(100, 0.05)), -0.6510052)
	f("one-sided", logMixture(10, 100, bestMixture(100, 0.05)), -0.06502391)
	f("one-sided bound", logMixture(27.66071, 100, bestMixture(100, 0.05)), math.Log(20))
	f("two-sided bound", logTwoSided(30.35209, 100, bestTwoSided(100, 0.05)), math.Log(20))
}

// TestShift has cases of Kayenta's own tests, copied as numbers.
func TestShift(t *testing.T) {
	s := shiftOf([]float64{10, 20, 30, 40}, []float64{1, 2, 3, 4}, 0.95)
	for name, pair := range map[string][2]float64{"low": {s.low, 6}, "high": {s.high, 39}, "estimate": {s.estimate, 22.5}} {
		if math.Abs(pair[0]-pair[1]) > 1e-6 {
			t.Errorf("%s: %v, want %v", name, pair[0], pair[1])
		}
	}
}

func TestClassify(t *testing.T) {
	f := func(name string, control, experiment []float64, want label) {
		t.Helper()
		k := kayentaDefaults
		k.direction = either
		if got, _ := k.classify(control, experiment); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("tied ranks", []float64{1, 1, 1, 1, 1}, []float64{10, 10, 10, 10, 10}, high)
	f("same values", []float64{1, 2, 3, 4, 5}, []float64{5, 4, 3, 2, 1}, pass)
	f("zero before", []float64{0, 0, 0, 0, 0}, []float64{54.9, 54.5, 55.1, 55.6, 57.4}, high)
	f("zero after", []float64{54.9, 54.5, 55.1, 55.6, 57.4}, []float64{0, 0, 0, 0, 0}, low)
	f("nothing after", []float64{1, 2}, nil, noData)
}

// TestClassicalTests has examples that were computed by hand: t = 2/√(7/6) with ten
// degrees of freedom, and U = 28 against 18 ± 6.201 with four ties.
func TestClassicalTests(t *testing.T) {
	before, after := []float64{1, 2, 3, 4, 5, 6}, []float64{3, 4, 5, 6, 7, 8}
	if got := welch(before, after); math.Abs(got-0.0468963) > 1e-5 {
		t.Errorf("Welch: %v", got)
	}
	if got := mannWhitney(before, after); math.Abs(got-0.0627651) > 1e-6 {
		t.Errorf("Mann-Whitney: %v", got)
	}
}

func TestChecks(t *testing.T) {
	before := []float64{1, 1, 1}
	f := func(after []float64, want float64) {
		t.Helper()
		if got := failedChecks(2)(before, after); got != want {
			t.Errorf("%v: %v, want %v", after, got, want)
		}
	}
	f([]float64{9}, 0)
	f([]float64{9, 1}, 1)
	f([]float64{9, 1, 2}, 2)
}

// made is a random walk with a daily shape.
func made(n int) Series {
	r := rand.New(rand.NewPCG(7, 7))
	s := Series{Name: "made", Start: time.Unix(0, 0).UTC(), Step: 5 * time.Minute, Values: make([]float64, n), Incident: make([]bool, n)}
	for i := range s.Values {
		s.Values[i] = 100 + 20*math.Sin(2*math.Pi*float64(i)/288) + 3*r.NormFloat64()
	}
	return s
}

// TestMeasure checks that a report depends only on its options, and that the detector is
// better than a coin.
func TestMeasure(t *testing.T) {
	o := Options{Series: []Series{made(1500)}, Moments: 12, History: 900, Seed: 3}
	first, err := Measure(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Measure(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("not the same twice:\n%s", diff)
	}
	ours := first.Rows[0]
	if first.Moments != 12 || ours.FalseAlarms > 0.2 || ours.Caught[4] < 0.9 || ours.Ticks[4] > 3 {
		t.Errorf("%d moments, %v", first.Moments, ours)
	}
}

func TestNoRoom(t *testing.T) {
	still := made(1500)
	for i := range still.Values {
		still.Values[i] = 1
	}
	if _, err := Measure(t.Context(), Options{Series: []Series{made(100), still}, Moments: 5, History: 900}); err == nil {
		t.Error("measured where there is no room")
	}
}

// TestScores checks that a score of 2 is reached exactly where Judge gives likely with
// its defaults.
func TestScores(t *testing.T) {
	s := made(1500)
	m := moment{&s, 1200}
	k, from := m.learn(900), m.time(m.at)
	after := Scenarios[2].apply(rand.New(rand.NewPCG(1, 1)), m.after(), 3)
	likely, certain := m.watch(k, after)
	for n := 1; n <= len(after); n++ {
		e := detector.Judge(m.plan(), detector.Profiles{"value": k}, detector.Observation{
			From: from, StartedAt: from, Final: n == len(after),
			Readings: []detector.Reading{{Signal: "value", Supply: detector.Fresh, Before: detector.Ticks{Value: m.before()}, After: detector.Ticks{Value: after[:n]}}},
		}).Signals[0]
		if got := likely[n-1] >= 2; got != (e.Grade >= detector.Likely) {
			t.Errorf("tick %d: score %v, grade %v", n, likely[n-1], e.Grade)
		}
		if got := certain[n-1] >= -math.Log10(0.002); got != (e.Grade >= detector.Certain) {
			t.Errorf("tick %d: score %v, grade %v", n, certain[n-1], e.Grade)
		}
	}
}

func TestHighs(t *testing.T) {
	c := risingScores([]float64{0, 1, 0.5, 3, 2})
	for threshold, want := range map[float64]int{0.5: 2, 1: 2, 1.5: 4, 3: 4, 3.1: 0} {
		if got := c.at(threshold); got != want {
			t.Errorf("%v is reached at %d, want %d", threshold, got, want)
		}
	}
}

func TestReadCSV(t *testing.T) {
	f := func(text string, want []float64, fails bool) {
		t.Helper()
		s, err := ReadCSV("s", strings.NewReader(text))
		if fails != (err != nil) {
			t.Errorf("%q: %v", text, err)
			return
		}
		if diff := cmp.Diff(want, s.Values, cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	f("timestamp,value,incident\n60,1,0\n120,2,0\n240,4,1\n", []float64{1, 2, math.NaN(), 4}, false)
	f("2026-01-01T00:00:00Z,1\n2026-01-01T00:01:00Z,2\n", []float64{1, 2}, false)
	f("t,v\n60,1\n120,many\n", nil, true)
	f("60,1\n", nil, true)
	f("60,1\n61,1\n62,1\n9000000000,1\n", nil, true)
}

func FuzzReadCSV(f *testing.F) {
	f.Add("timestamp,value,incident\n60,1,0\n120,2,1\n")
	f.Add("60,NaN\n120,+Inf\n")
	f.Add("-9223372036854775808,1\n9223372036854775807,2\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ReadCSV("s", strings.NewReader(text))
		if err == nil && (len(s.Values) != len(s.Incident) || len(s.Values) < 2 || s.Step <= 0) {
			t.Errorf("%d values, %d marks, step %s", len(s.Values), len(s.Incident), s.Step)
		}
	})
}

// logTwoSided is the two-sided mixture.
func logTwoSided(s, v, rho float64) float64 {
	return math.Log(rho/(v+rho))/2 + s*s/(2*(v+rho))
}
