//go:build integration

package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// TestAgainstR holds every function that R has too. Where ours approximates,
// the tolerance is what its comment claims.
func TestAgainstR(t *testing.T) {
	var expressions, names []string
	var ours [][]float64
	var tolerances []float64
	f := func(name string, tolerance float64, got []float64, format string, args ...any) {
		names, tolerances = append(names, name), append(tolerances, tolerance)
		ours, expressions = append(ours, got), append(expressions, fmt.Sprintf(format, args...))
	}
	r := rand.New(rand.NewPCG(5, 5))
	for range 20 {
		orderStatistics(r, f)
		series(r, f)
		counts(r, f)
	}
	tails(f)
	for i, want := range servertest.R(t, expressions...) {
		if len(want) != len(ours[i]) {
			t.Fatalf("%s: R gives %v", names[i], want)
		}
		for k := range want {
			if math.Abs(ours[i][k]-want[k]) > tolerances[i]*math.Abs(want[k])+1e-300 {
				t.Errorf("%s: %v, R says %v to %s", names[i], ours[i], want, expressions[i])
				break
			}
		}
	}
}

type compare func(name string, tolerance float64, got []float64, format string, args ...any)

// sample is normal values, some of them tied.
func sample(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 100 + math.Round(50*r.NormFloat64())/10
	}
	return x
}

func orderStatistics(r *rand.Rand, f compare) {
	x := sample(r, 5+r.IntN(60))
	v, sorted := servertest.RVector(x), slices.Sorted(slices.Values(x))
	q := []float64{0, 0.01, 0.25, 0.5, 0.9, 0.99, 1}
	var quantiles []float64
	for _, share := range q {
		quantiles = append(quantiles, Quantile(sorted, share))
	}
	f("quantile", 1e-13, quantiles, "quantile(%s, %s, type=7)", v, servertest.RVector(q))
	f("median", 1e-13, []float64{Median(x, nil)}, "median(%s)", v)
	f("MAD", 1e-12, []float64{NormalMAD * MAD(x, nil)}, "mad(%s)", v)
	f("mean", 1e-13, []float64{Mean(x)}, "mean(%s)", v)
	p := make([]float64, 2+r.IntN(8))
	for i := range p {
		p[i] = r.Float64() * r.Float64() / 4
	}
	f("Holm", 1e-13, Holm(p), `p.adjust(%s, "holm")`, servertest.RVector(p))
}

func series(r *rand.Rand, f compare) {
	x := sample(r, 30)
	v := servertest.RVector(x)
	f("slope", 1e-9, []float64{Slope(x)}, "coef(lm(y ~ i, list(y=%s, i=0:29)))[2]", v)
	f("smooth", 1e-12, Smooth5(x)[2:28], "stats::filter(%s, rep(1/5, 5))[3:28]", v)
	regressor, weights := sample(r, 30), make([]float64, 30)
	n := NewNormal(2)
	for i := range x {
		weights[i] = 0.5 + r.Float64()
		n.Add([]float64{1, regressor[i] - 100}, x[i], weights[i])
	}
	f("weighted least squares", 1e-9, n.Solve(0, []float64{0, 0}), "coef(lm(y ~ x, list(y=%s, x=%s-100), weights=%s))",
		v, servertest.RVector(regressor), servertest.RVector(weights))
}

func counts(r *rand.Rand, f compare) {
	bad, total := make([]float64, 20), make([]float64, 20)
	for i := range bad {
		total[i] = float64(500 + r.IntN(500))
		bad[i] = float64(r.IntN(40))
	}
	chi2, freedom := Dispersion(bad, total)
	f("dispersion", 1e-10, []float64{chi2, float64(freedom)}, `unname(unlist(chisq.test(rbind(b<-%s, %s-b), correct=FALSE)[c("statistic", "parameter")]))`,
		servertest.RVector(bad), servertest.RVector(total))
	c0, n0, c1, n1 := float64(r.IntN(50)), float64(1000+r.IntN(9000)), float64(r.IntN(50)), float64(1000+r.IntN(900))
	low, high := Wilson(c0/n0, n0)
	f("Wilson", 1e-7, []float64{1 + low, high}, "c(1,0)+prop.test(%v, %v, correct=FALSE)$conf.int", c0, n0)
	low, high = Newcombe(c0, n0, c1, n1)
	f("Newcombe", 1e-7, []float64{1 + low, 1 + high},
		"{a<-prop.test(%[1]v,%[2]v,correct=FALSE)$conf.int; b<-prop.test(%[3]v,%[4]v,correct=FALSE)$conf.int; p<-%[1]v/%[2]v; q<-%[3]v/%[4]v;"+
			"1+q-p+c(-sqrt((q-b[1])^2+(a[2]-p)^2), sqrt((b[2]-q)^2+(p-a[1])^2))}", c0, n0, c1, n1)
	// E is the ratio of beta integrals of two binomial likelihoods.
	f("E", 1e-9, []float64{100 + LogE(c0, n0, c1, n1, 20)},
		"{t<-%[4]v/(%[2]v+%[4]v); 100+lbeta(20*t+%[3]v, 20*(1-t)+%[1]v)-lbeta(20*t, 20*(1-t))-dbinom(%[3]v, %[1]v+%[3]v, t, log=TRUE)+lchoose(%[1]v+%[3]v, %[3]v)}", c0, n0, c1, n1)
}

func tails(f compare) {
	for _, z := range []float64{-3, -0.5, 0, 1, 1.96, 3, 6, 10, 30} {
		f("normal tail", 1e-12, []float64{UpperTail(z)}, "pnorm(%v, lower.tail=FALSE)", z)
	}
	for _, k := range []int{3, 5, 9, 29, 100} {
		for _, z := range []float64{-1.281552, 0, 1.644854} {
			f("χ² quantile", 0.03, []float64{ChiSquareQuantile(k, z)}, "qchisq(pnorm(%v), %d)", z, k)
		}
	}
	for _, k := range []int{5, 10, 30} {
		for _, deviate := range []float64{-2, 0, 1, 2.5, 4} {
			f("Student tail", 0.05, []float64{UpperTail(StudentDeviate(deviate, k))}, "pt(%v, %d, lower.tail=FALSE)", deviate, k)
		}
	}
}
