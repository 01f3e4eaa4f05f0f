package accuracy

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

// straightLine is the published placebo scan written without optimisations: no reuse, no prefix sums, every placebo's Z computed by its own loop.
// It shares no code with the code under test, not even medians and quantiles.
type straightLine struct {
	x          []float64
	w, h       int
	period     int
	d          float64
	s0         float64
	u          []float64
	g          []float64
	q80, beta  float64
	detectable float64
}

func oracleQuantile(x []float64, q float64) float64 {
	s := slices.Clone(x)
	sort.Float64s(s)
	at := q * float64(len(s)-1)
	i := int(at)
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

func oracleMedian(x []float64) float64 { return oracleQuantile(x, 0.5) }

func (o *straightLine) smooth(i int) float64 {
	sum := 0.0
	for k := i - 2; k <= i+2; k++ {
		sum += o.x[min(max(k, 0), len(o.x)-1)]
	}
	return sum / 5
}

// forecast returns f_j for j = 1..h and m_B.
func (o *straightLine) forecast(name string, at int) (f []float64, spread float64) {
	b := o.x[at-o.w : at]
	median := oracleMedian(b)
	var deviations []float64
	si, sii := 0.0, 0.0
	middle := float64(o.w-1) / 2
	for i, v := range b {
		si += (float64(i) - middle) * v
		sii += (float64(i) - middle) * (float64(i) - middle)
	}
	slope := 0.6 * si / sii
	for j := 1; j <= o.h; j++ {
		switch name {
		case "recent":
			f = append(f, 0.5*median+0.5*oracleMedian(b[o.w-10:]))
		case "trend":
			level := median + slope*middle
			for i := 1; i <= j; i++ {
				level += slope * math.Pow(0.93, float64(i))
			}
			f = append(f, level)
		case "season":
			f = append(f, median+0.8*(o.smooth(at-o.period+j-1)-oracleMedian(o.x[at-o.period-o.w:at-o.period])))
		}
	}
	for i, v := range b {
		centre := median
		switch name {
		case "trend":
			centre = median + slope*(float64(i)-middle)
		case "season":
			centre = median + 0.8*(o.smooth(at-o.w+i-o.period)-oracleMedian(o.x[at-o.period-o.w:at-o.period]))
		}
		deviations = append(deviations, math.Abs(v-centre))
	}
	return f, 1.4826 * oracleMedian(deviations)
}

func (o *straightLine) residuals(a, f []float64, sigma float64) []float64 {
	var r []float64
	for j := range a {
		v := o.d * (a[j] - f[j]) / sigma
		if v > 5 {
			v = 5 * (1 + math.Log(v/5))
		} else if v < -5 {
			v = -5 * (1 + math.Log(-v/5))
		}
		r = append(r, v)
	}
	return r
}

func (o *straightLine) run(name string) {
	var at []int
	first := o.w
	if name == "season" {
		for first-o.period-o.w < 0 {
			first += 3
		}
	}
	for t := first; t <= len(o.x)-o.h; t += 3 {
		at = append(at, t)
	}
	var spreads, squares []float64
	for _, t := range at {
		_, m := o.forecast(name, t)
		spreads, squares = append(spreads, m), append(squares, m*m)
	}
	var steps []float64
	for i := 1; i < len(o.x); i++ {
		steps = append(steps, o.x[i]-o.x[i-1])
	}
	middle := oracleMedian(steps)
	for i, v := range steps {
		steps[i] = math.Abs(v - middle)
	}
	o.s0 = math.Max(oracleMedian(spreads), 1.4826*oracleMedian(steps)/math.Sqrt2)
	ks := []int{1, 2, 3, 5, 10, 20, 30}
	tops := make([][]float64, len(ks))
	for i, t := range at {
		f, _ := o.forecast(name, t)
		r := o.residuals(o.x[t:t+o.h], f, math.Sqrt(0.5*spreads[i]*spreads[i]+0.5*o.s0*o.s0))
		for ki, k := range ks {
			top := math.Inf(-1)
			for tick := k; tick <= o.h; tick++ {
				sum := 0.0
				for _, v := range r[tick-k : tick] {
					sum += v
				}
				top = math.Max(top, sum/float64(k))
			}
			tops[ki] = append(tops[ki], top)
		}
	}
	o.u, o.g = nil, nil
	for ki := range ks {
		o.u = append(o.u, math.Max(0.25, oracleQuantile(tops[ki], 0.9)))
	}
	for i := range at {
		g := math.Inf(-1)
		for ki := range ks {
			g = math.Max(g, tops[ki][i]/o.u[ki])
		}
		o.g = append(o.g, g)
	}
	sort.Float64s(o.g)
	cut := int(0.8 * float64(len(o.g)))
	o.q80, o.beta = o.g[cut], 0
	for _, g := range o.g[cut+1:] {
		o.beta += (g - o.q80) / float64(len(o.g)-cut-1)
	}
	square := 0.0
	for _, m := range squares {
		square += m / float64(len(squares))
	}
	o.detectable = (o.q80 + o.beta*math.Log(20)) * o.u[4] * math.Sqrt(0.5*square+0.5*o.s0*o.s0)
}

// wander is a synthetic signal with a daily shape, autocorrelation and noise.
func wander(seed uint64, n, period int, swing, memory float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	x, drift := make([]float64, n), 0.0
	for i := range x {
		drift = memory*drift + r.NormFloat64()
		x[i] = 100 + swing*math.Sin(2*math.Pi*float64(i)/float64(period)) + drift
	}
	return x
}

func TestRecipeAgainstStraightLine(t *testing.T) {
	f := func(name string, x []float64, want string) {
		t.Helper()
		r, best, chosen := learnRecipe(x, 288), math.Inf(+1), ""
		for _, forecaster := range []string{"recent", "trend", "season"} {
			o := straightLine{x: x, w: 30, h: 30, period: 288, d: +1}
			if o.run(forecaster); o.detectable < best {
				best, chosen = o.detectable, forecaster
			}
			if forecaster != r.forecaster {
				continue
			}
			near(t, name+" s0", r.scale, o.s0, 1e-9)
			near(t, name+" q80", r.q80, o.q80, 1e-9)
			near(t, name+" beta", r.excess, o.beta, 1e-9)
			near(t, name+" q99", r.q99, oracleQuantile(o.g, 0.99), 1e-9)
			near(t, name+" detectable", r.detectable, o.detectable, 1e-9)
			for i := range o.u {
				near(t, name+" u", r.units[i], o.u[i], 1e-9)
			}
			near(t, name+" tail", r.p(o.q80+2*o.beta), 0.2*math.Exp(-2), 1e-9)
		}
		if chosen != want || r.forecaster != want {
			t.Errorf("%s: chose %s, straight line %s, want %s", name, r.forecaster, chosen, want)
		}
	}
	f("steady", wander(1, 900, 288, 0, 0.2), "recent")
	f("daily", wander(3, 1500, 288, 40, 0.1), "season")
	f("drifting", wander(4, 900, 900, 200, 0), "trend")
}
