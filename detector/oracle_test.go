package detector

import (
	"math"
	"slices"
	"sort"
)

// straightLine is the placebo scan of docs/detection.md written down as it is
// read: no reuse, no prefix sums, every placebo's means computed by their own
// loops, the weights by elimination with pivots. It shares nothing with the
// code under test, medians and quantiles included.
type straightLine struct {
	x      []float64
	period int // 0: no season
	at     []int
	limits []float64
	low    float64 // what the long level cuts values to
	high   float64
	w      []float64
	s0     float64
	own    float64
	q, b   []float64 // of every length
	g      []float64 // ascending
	beta   float64
	tail   float64

	memory, first, later, offset float64
}

const ow, oh = 30, 30

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

func (o *straightLine) typical(i int) float64 {
	var same []float64 // four of five at least, so that placebos begin after four periods
	for k := 0; k < 5 && i-k*o.period >= 0; k++ {
		same = append(same, o.smooth(i-k*o.period))
	}
	return oracleMedian(same)
}

func span(from, to int, f func(int) float64) []float64 {
	var v []float64
	for i := from; i < to; i++ {
		v = append(v, f(i))
	}
	return v
}

// levels of the window before tick t, not limited, and its lookbacks' bases.
func (o *straightLine) levels(t int) (levels, bases []float64) {
	b := o.x[t-ow : t]
	m := oracleMedian(b)
	levels = []float64{oracleMedian(b[20:]) - m, oracleMedian(b[27:]) - m, b[29] - m, o.fromLongLevel(t, m)}
	if o.period > 0 {
		for _, way := range []func(int) float64{o.smooth, o.typical} {
			past := span(t-o.period-ow, t-o.period, way)
			base := oracleMedian(past)
			levels, bases = append(levels, oracleMedian(past[20:])-base, base-m), append(bases, base)
		}
	}
	return levels, bases
}

func (o *straightLine) slope(t int) float64 {
	up, down := 0.0, 0.0
	for i, v := range o.x[t-ow : t] {
		up += (float64(i) - 14.5) * v
		down += (float64(i) - 14.5) * (float64(i) - 14.5)
	}
	return up / down
}

// row are the parts of after-tick j (from 0) of a change at tick t.
func (o *straightLine) row(t, j int) []float64 {
	levels, bases := o.levels(t)
	var row []float64
	for i, v := range levels {
		if excess := math.Abs(v) - o.limits[i]; excess > 0 {
			most := o.limits[i]
			if i == 3 {
				most = math.Max(most-excess, 0)
			}
			v = math.Copysign(most, v)
		}
		row = append(row, v, v*math.Exp(-float64(j)/5))
	}
	carried := 14.5
	for i := 1; i <= j+1; i++ {
		carried += math.Pow(0.93, float64(i))
	}
	row = append(row, o.slope(t)*carried)
	if o.period > 0 {
		row = append(row, o.smooth(t-o.period+j)-bases[0], o.typical(t-o.period+j)-bases[1])
	}
	return row
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// solve is Gaussian elimination with pivots.
func solve(a [][]float64, y []float64) []float64 {
	n := len(y)
	for c := range n {
		best := c
		for r := c; r < n; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[best][c]) {
				best = r
			}
		}
		a[c], a[best], y[c], y[best] = a[best], a[c], y[best], y[c]
		for r := range n {
			if r != c {
				f := a[r][c] / a[c][c]
				for k := range n {
					a[r][k] -= f * a[c][k]
				}
				y[r] -= f * y[c]
			}
		}
	}
	for i := range y {
		y[i] /= a[i][i]
	}
	return y
}

func (o *straightLine) steps() float64 {
	steps := span(1, len(o.x), func(i int) float64 { return o.x[i] - o.x[i-1] })
	m := oracleMedian(steps)
	return 1.4826 * oracleMedian(span(0, len(steps), func(i int) float64 { return math.Abs(steps[i] - m) })) / math.Sqrt2
}

func (o *straightLine) learnWeights() {
	stride := (len(o.at) + 479) / 480
	var windows []int
	var spreads []float64
	for i := 0; i < len(o.at); i += stride {
		t := o.at[i]
		m := oracleMedian(o.x[t-ow : t])
		windows = append(windows, t)
		spreads = append(spreads, 1.4826*oracleMedian(span(t-ow, t, func(k int) float64 { return math.Abs(o.x[k] - m) })))
	}
	usual := math.Max(oracleMedian(spreads), o.steps())
	believed := make([]float64, len(o.row(o.at[0], 0)))
	believed[0] = 0.5
	if o.period > 0 {
		believed[len(believed)-2], believed[len(believed)-1] = 0.2, 0.6
	}
	o.w = believed
	for range 2 {
		n := len(believed)
		a, y := make([][]float64, n), make([]float64, n)
		for i := range a {
			a[i] = make([]float64, n)
		}
		for i, t := range windows {
			m, sigma := oracleMedian(o.x[t-ow:t]), math.Sqrt(spreads[i]*spreads[i]/2+usual*usual/2)
			for _, j := range []int{0, 1, 2, 3, 5, 7, 10, 14, 19, 26} {
				row := o.row(t, j)
				z := math.Abs(o.x[t+j]-m-dot(row, o.w)) / sigma
				weight := math.Min(1, 1.5/z) / sigma / sigma
				for r := range n {
					for c := range n {
						a[r][c] += weight * row[r] * row[c]
					}
					y[r] += weight * row[r] * (o.x[t+j] - m)
				}
			}
		}
		for i := range n {
			pull := 0.1 * a[i][i]
			a[i][i] += pull
			y[i] += pull * believed[i]
		}
		o.w = solve(a, y)
	}
}

// spread is m_B by the weights.
func (o *straightLine) spread(t int) float64 {
	_, bases := o.levels(t)
	m := oracleMedian(o.x[t-ow : t])
	n := len(o.w)
	shapes := 0
	if o.period > 0 {
		shapes = 2
	}
	return 1.4826 * oracleMedian(span(0, ow, func(i int) float64 {
		c := m + o.w[n-1-shapes]*o.slope(t)*(float64(i)-14.5)
		if o.period > 0 {
			c += o.w[n-2]*(o.smooth(t-o.period-ow+i)-bases[0]) + o.w[n-1]*(o.typical(t-o.period-ow+i)-bases[1])
		}
		return math.Abs(o.x[t-ow+i] - c)
	}))
}

func (o *straightLine) residuals(t int, spread float64) []float64 {
	m, sigma := oracleMedian(o.x[t-ow:t]), math.Sqrt(o.own*spread*spread+(1-o.own)*o.s0*o.s0)
	return span(0, oh, func(j int) float64 {
		v := (o.x[t+j] - m - dot(o.row(t, j), o.w)) / sigma
		if v > 5 {
			return 5 * (1 + math.Log(v/5))
		} else if v < -5 {
			return -5 * (1 + math.Log(-v/5))
		}
		return v
	})
}

// tops are the largest means of every length.
func tops(r []float64) []float64 {
	jumps := span(0, len(r), func(j int) float64 {
		if j == 0 {
			return math.Max(0, r[0])
		}
		return math.Max(0, r[j]-r[j-1])
	})
	top := func(v []float64, k int) float64 {
		most := math.Inf(-1)
		for t := k; t <= len(v); t++ {
			sum := 0.0
			for _, x := range v[t-k : t] {
				sum += x / float64(k)
			}
			most = math.Max(most, sum)
		}
		return most
	}
	var all []float64
	for _, k := range []int{1, 2, 3, 5, 10, 20, 30} {
		all = append(all, top(r, k))
	}
	for _, k := range []int{5, 10, 20, 30} {
		all = append(all, top(jumps, k))
	}
	return all
}

func (o *straightLine) run() {
	for t := 4*o.period + ow; t <= len(o.x)-oh; t += 3 {
		o.at = append(o.at, t)
	}
	o.learn()
	if o.period > 0 {
		plain := straightLine{x: o.x, at: o.at}
		plain.learn()
		for i, g := range plain.g {
			o.g[i] = 0.7*o.g[i] + 0.3*g
		}
	}
	o.rank()
}

// learn finds G of every placebo.
func (o *straightLine) learn() {
	sizes := map[int][]float64{}
	for _, t := range o.at {
		levels, _ := o.levels(t)
		for i, v := range levels {
			sizes[i] = append(sizes[i], math.Abs(v))
		}
	}
	for i := range len(sizes) {
		q := 0.99
		if i == 3 {
			q = 0.9
		}
		o.limits = append(o.limits, oracleQuantile(sizes[i], q))
	}
	o.learnWeights()
	spreads := span(0, len(o.at), func(i int) float64 { return o.spread(o.at[i]) })
	o.s0 = math.Max(oracleMedian(spreads), o.steps())
	var peaks [][]float64
	o.learnOwn(spreads)
	o.learnNoise(spreads)
	for i, t := range o.at {
		r := o.residuals(t, spreads[i])
		peaks = append(peaks, append(tops(r), slices.Max(o.since(r))))
	}
	o.score(peaks)
}
