package stats

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mathext"
)

// The confseq library (Howard, Ramdas, McAuliffe, Sekhon 2021) publishes what
// its beta-binomial mixture comes to. Ours is the same family: a Bernoulli
// share g of n trials has intrinsic time v = n·g·h with h = 1−g, its sum s is
// the successes beyond n·g, and the library's r is κ·g·h of ours. The rest of
// its values — gamma mixtures, stitching, quantile tests — has nothing here to
// be compared with.

// logMixture is LogE at a sum s and an intrinsic time v.
func logMixture(s, v, g, r float64) float64 {
	h := 1 - g
	n := v / (g * h)
	c := s + n*g
	return LogE(n-c, h, c, g, r/(g*h))
}

// tightest is the library's r of the mixture that is tightest at v.
func tightest(v, alpha, g float64) float64 {
	spent := 2 * math.Log(1/alpha)
	return max(v/(spent+math.Log1p(spent))-g*(1-g), 1e-3*g*(1-g))
}

// logOneSided keeps of the mixture only the rates above g: the mass that the
// posterior leaves there, over what the prior did.
func logOneSided(s, v, g, r float64) float64 {
	h := 1 - g
	n := v / (g * h)
	c := s + n*g
	above := func(c, n float64) float64 { return math.Log(mathext.RegIncBeta(r/g+n-c, r/h+c, h)) }
	return logMixture(s, v, g, r) + above(c, n) - above(0, 0)
}

func TestPublishedMixtures(t *testing.T) {
	f := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-5 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	two, one := tightest(100, 0.05, 0.2), tightest(100, 0.1, 0.2)
	f("two-sided", logMixture(10, 100, 0.2, two), -0.6941012)
	f("two-sided bound", logMixture(31.4308, 100, 0.2, two), math.Log(20))
	f("one-sided", logOneSided(10, 100, 0.2, one), -0.07134019)
	f("one-sided bound", logOneSided(28.41238, 100, 0.2, one), math.Log(20))
}

// TestPublishedIntervals: a rate is in the interval for as long as the mixture
// around it has not reached 1/α.
func TestPublishedIntervals(t *testing.T) {
	f := func(c, n, tightAt, low, high float64) {
		t.Helper()
		beyond := func(p float64) float64 {
			v := n * p * (1 - p)
			return logMixture(c-n*p, v, p, tightest(tightAt*p*(1-p), 0.05, p)) - math.Log(20)
		}
		for _, end := range []struct{ outside, inside, want float64 }{{1e-9, c / n, low}, {1 - 1e-9, c / n, high}} {
			a, b := end.outside, end.inside
			for range 100 {
				if middle := (a + b) / 2; beyond(middle) > 0 {
					a = middle
				} else {
					b = middle
				}
			}
			near(t, "end of the interval", a, end.want, 1e-5)
		}
	}
	f(700, 1000, 100, 0.651629, 0.745949)
	f(15, 50, 50, 0.129556, 0.511896)
}
