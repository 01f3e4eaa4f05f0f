package detector

import (
	"math"
	"sort"
)

// score makes peaks of every length G of the placebos, in their order.
func (o *straightLine) score(peaks [][]float64) {
	for k := range peaks[0] {
		column := span(0, len(peaks), func(i int) float64 { return peaks[i][k] })
		q := math.Max(0.1, oracleQuantile(column, 0.8))
		sum, n := 0.0, 0.0
		for _, v := range column {
			if v > q {
				sum, n = sum+v-q, n+1
			}
		}
		o.q, o.b = append(o.q, q), append(o.b, math.Max(0.05, 0.75*sum/n+0.25*0.5*q))
	}
	for _, p := range peaks {
		g := math.Inf(-1)
		for k, v := range p {
			if v = (v - o.q[k]) / o.b[k]; k == 11 {
				v += 0.6
			}
			g = math.Max(g, v)
		}
		o.g = append(o.g, g)
	}
}

// rank orders them and finds the tail.
func (o *straightLine) rank() {
	sort.Float64s(o.g)
	cut := int(0.8 * float64(len(o.g)))
	mean := 0.0
	for _, g := range o.g[cut+1:] {
		mean += (g - o.g[cut]) / float64(len(o.g)-cut-1)
	}
	own := 0.2 * 0.15 * float64(len(o.g))
	usual, shape := 1.4, 6.0
	if o.period > 0 {
		usual, shape = 1.44, 7.5
	}
	o.tail = 1 / (1/shape + 1/(own+10))
	o.beta = (own*mean + 20*usual) / (own + 20) * (1 - 1/o.tail)
}
