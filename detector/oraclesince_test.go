package detector

import "math"

// since is how the ticks since a change add up, at every tick: see adr/0068.
func (o *straightLine) since(r []float64) []float64 {
	var all []float64
	sum, weight := 0.0, 0.0
	for j, v := range r {
		e, shown, spread := v, 1.0, o.first
		if j > 0 {
			e, shown, spread = v-o.memory*r[j-1], 1-o.memory, o.later
		}
		e /= spread
		if math.Abs(e) > 3 {
			e = math.Copysign(3*(1+math.Log(math.Abs(e)/3)), e)
		}
		sum, weight = sum+e*shown/spread, weight+shown/spread*shown/spread
		shift, variance := sum/weight, 1/weight+o.offset*o.offset
		best, expected := shift*math.Abs(shift)/2/variance, shift*math.Abs(shift)/2/(variance+4)
		all = append(all, best-expected-math.Log((variance+4)/variance)/2)
	}
	return all
}

// learnNoise learns what since needs.
func (o *straightLine) learnNoise(spreads []float64) {
	size := func(x []float64) float64 {
		return 1.4826 * oracleMedian(span(0, len(x), func(i int) float64 { return math.Abs(x[i]) }))
	}
	within3 := func(v float64) float64 { return math.Max(-3, math.Min(3, v)) }
	stride := (len(o.at) + 479) / 480
	var first, means []float64
	var earlier, next []float64
	for i := 0; i < len(o.at); i += stride {
		r := o.residuals(o.at[i], spreads[i])
		mean := 0.0
		for _, v := range r {
			mean += v / oh
		}
		first, means = append(first, r[0]), append(means, mean)
		for _, j := range []int{1, 2, 3, 5, 7, 10, 14, 19, 26} {
			earlier, next = append(earlier, r[j-1]), append(next, r[j])
		}
	}
	up, down := 0.0, 0.0
	for i := range earlier {
		up, down = up+within3(earlier[i])*within3(next[i]), down+within3(earlier[i])*within3(earlier[i])
	}
	o.memory = math.Max(0, math.Min(0.98, up/down))
	o.first, o.later = size(first), size(span(0, len(next), func(i int) float64 { return next[i] - o.memory*earlier[i] }))
	alone := o.later / (1 - o.memory) / math.Sqrt(oh)
	o.offset = math.Sqrt(math.Max(0, size(means)*size(means)-alone*alone))
}
