package stats

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

var nan = math.NaN()

func near(t interface {
	Helper()
	Errorf(string, ...any)
}, name string, got, want, tolerance float64,
) {
	t.Helper()
	if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > tolerance*max(1, math.Abs(want)) {
		t.Errorf("%s: %v, want %v", name, got, want)
	}
}

func TestQuantile(t *testing.T) {
	f := func(q, want float64, x ...float64) {
		t.Helper()
		near(t, "quantile", Quantile(x, q), want, 1e-12)
	}
	// From R: quantile(c(1, 2, 4, 8), c(0, .25, .5, .9, 1), type = 7).
	f(0, 1, 1, 2, 4, 8)
	f(0.25, 1.75, 1, 2, 4, 8)
	f(0.5, 3, 1, 2, 4, 8)
	f(0.9, 6.8, 1, 2, 4, 8)
	f(1, 8, 1, 2, 4, 8)
	f(0.3, 5, 5)
	f(0.5, math.Inf(-1), math.Inf(-1), math.Inf(-1), 3)
	f(0.5, nan)
}

func TestMedianAndMAD(t *testing.T) {
	f := func(median, mad float64, x ...float64) {
		t.Helper()
		before := slices.Clone(x)
		near(t, "median", Median(x, nil), median, 1e-12)
		near(t, "MAD", MAD(x, nil), mad, 1e-12)
		if len(x) > 0 && !math.IsNaN(x[0]) && !slices.Equal(before, x) {
			t.Error("the argument was reordered")
		}
	}
	f(2, 1, 3, 1, 2)
	f(2.5, 1, 4, 1, 2, 3)
	f(2, 0, nan, 2, math.Inf(1))
	f(nan, nan)
}

// TestMedianIsTheMiddleQuantile goes over lengths on both sides of where the
// sort changes.
func TestMedianIsTheMiddleQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 1, 2*shortSort).Draw(t, "x")
		sorted := slices.Sorted(slices.Values(x))
		if got, want := Median(x, nil), Quantile(sorted, 0.5); math.Abs(got-want) > 1e-6 {
			t.Fatalf("median %v, middle quantile %v", got, want)
		}
	})
}

func TestSmooth5(t *testing.T) {
	got := Smooth5([]float64{0, 5, 10, 15, 20, 25})
	for i, want := range []float64{3, 6, 10, 15, 19, 22} {
		near(t, "smooth", got[i], want, 1e-12)
	}
	near(t, "around a missing one", Smooth5([]float64{1, 1, nan, 1, 1})[2], 1, 1e-12)
}

func TestSlopeAgainstGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e3, 1e3), 2, 60).Draw(t, "x")
		index := make([]float64, len(x))
		for i := range index {
			index[i] = float64(i)
		}
		_, want := stat.LinearRegression(index, x, nil, false)
		if got := Slope(x); math.Abs(got-want) > 1e-8 {
			t.Fatalf("slope %v, gonum %v", got, want)
		}
	})
	near(t, "over a gap", Slope([]float64{0, nan, 2, 3}), 1, 1e-12)
	near(t, "of one", Slope([]float64{3}), 0, 0)
}

// TestLogEByIntegral computes the mixture by summing binomial likelihood
// ratios over the Beta density, which the closed form only claims to equal.
func TestLogEByIntegral(t *testing.T) {
	f := func(c0, n0, c1, n1 float64) {
		t.Helper()
		const kappa, cells = 20, 200000
		theta := n1 / (n0 + n1)
		a, b := kappa*theta, kappa*(1-theta)
		sum := 0.0
		for i := range cells {
			p := (float64(i) + 0.5) / cells
			ratio := c1*math.Log(p/theta) + c0*math.Log((1-p)/(1-theta))
			density := (a-1)*math.Log(p) + (b-1)*math.Log(1-p) - mathext.Lbeta(a, b)
			sum += math.Exp(ratio+density) / cells
		}
		near(t, "ln E", LogE(c0, n0, c1, n1, kappa), math.Log(sum), 1e-6)
	}
	f(10, 1000, 10, 1000)
	f(10, 1000, 40, 1000)
	f(0, 30000, 5, 3000)
	f(2.5, 900, 7.25, 400)
	near(t, "no events before", LogE(0, 0, 5, 10, 20), 0, 0)
}

// TestLogEIsFair holds that E has expectation 1 under equal rates: over every
// split of c events, weighted by its binomial chance, E averages to 1.
func TestLogEIsFair(t *testing.T) {
	for _, c := range []int{1, 5, 20} {
		n0, n1 := 3000.0, 700.0
		split := distuv.Binomial{N: float64(c), P: n1 / (n0 + n1)}
		sum := 0.0
		for c1 := range c + 1 {
			sum += split.Prob(float64(c1)) * math.Exp(LogE(float64(c-c1), n0, float64(c1), n1, 20))
		}
		near(t, "expectation", sum, 1, 1e-9)
	}
}

func TestDispersion(t *testing.T) {
	f := func(chi2 float64, freedom int, bad, total []float64) {
		t.Helper()
		got, k := Dispersion(bad, total)
		near(t, "χ²", got, chi2, 1e-9)
		if k != freedom {
			t.Errorf("freedom %d, want %d", k, freedom)
		}
	}
	f(0, 1, []float64{1, 2}, []float64{10, 20})
	f(2*25/(100*.1*.9), 1, []float64{15, 5}, []float64{100, 100})
	f(2*25/(100*.1*.9), 1, []float64{15, nan, 5, 0}, []float64{100, nan, 100, 0})
	f(0, 0, []float64{0, 0}, []float64{100, 100})
	f(0, 0, []float64{9, 9}, []float64{9, 9})
	f(0, 0, nil, nil)
}

func TestTailsAgainstGonum(t *testing.T) {
	for _, k := range []int{3, 5, 9, 29} {
		want := distuv.ChiSquared{K: float64(k)}.Quantile(0.1)
		near(t, "χ² quantile", ChiSquareQuantile(k, -1.281552), want, 0.03)
	}
	for _, k := range []int{5, 10, 30} {
		for _, deviate := range []float64{-2, 0, 1, 2.5, 4} {
			want := distuv.StudentsT{Nu: float64(k), Sigma: 1}.Survival(deviate)
			near(t, "Student tail", UpperTail(StudentDeviate(deviate, k)), want, 0.003)
		}
	}
	near(t, "normal tail", UpperTail(1.959964), 0.025, 1e-6)
}

// TestNewcombe has the worked examples of Newcombe (1998), table II, method 10.
func TestNewcombe(t *testing.T) {
	f := func(c1, n1, c0, n0, low, high float64) {
		t.Helper()
		l, h := Newcombe(c0, n0, c1, n1)
		near(t, "low", l, low, 5e-5)
		near(t, "high", h, high, 5e-5)
	}
	f(56, 70, 48, 80, 0.0524, 0.3339)
	f(9, 10, 3, 10, 0.1705, 0.8090)
	f(6, 7, 2, 7, 0.0582, 0.8062)
	f(5, 56, 0, 29, -0.0381, 0.1926)
	f(0, 10, 0, 10, -0.2775, 0.2775)
}

func TestHolm(t *testing.T) {
	f := func(p, want []float64) {
		t.Helper()
		for i, got := range Holm(p) {
			near(t, "Holm", got, want[i], 1e-12)
		}
	}
	// From R: p.adjust(c(.01, .04, .03, .005), "holm").
	f([]float64{.01, .04, .03, .005}, []float64{.03, .06, .06, .02})
	f([]float64{.9, .8}, []float64{1, 1})
	f([]float64{.02}, []float64{.02})
	f(nil, nil)
}

// TestHolmProperties: never smaller than p, order kept, indifferent to the
// order of the signals.
func TestHolmProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 10).Draw(t, "p")
		adjusted := Holm(p)
		for i := range p {
			if adjusted[i] < p[i] || adjusted[i] > 1 {
				t.Fatalf("%v became %v", p[i], adjusted[i])
			}
			for j := range p {
				if p[i] < p[j] && adjusted[i] > adjusted[j] {
					t.Fatalf("order lost: %v → %v", p, adjusted)
				}
			}
		}
		reversed := slices.Clone(p)
		slices.Reverse(reversed)
		back := Holm(reversed)
		slices.Reverse(back)
		if !slices.Equal(back, adjusted) {
			t.Fatalf("%v forwards, %v backwards", adjusted, back)
		}
	})
}
