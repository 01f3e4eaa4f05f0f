package detector

import "math"

// learnOwn takes the share of a window's own variance with which σ explains the distances from
// the forecasts best: see adr/0073.
func (o *straightLine) learnOwn(spreads []float64) {
	stride, least := (len(o.at)+479)/480, math.Inf(1)
	for _, share := range []float64{0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9} {
		var logs []float64
		for i := 0; i < len(o.at); i += stride {
			t, sum := o.at[i], 0.0
			ticks := []int{0, 1, 2, 3, 5, 7, 10, 14, 19, 26}
			for _, j := range ticks {
				sum += math.Abs(o.x[t+j] - oracleMedian(o.x[t-ow:t]) - dot(o.row(t, j), o.w))
			}
			sigma := math.Sqrt(share*spreads[i]*spreads[i] + (1-share)*o.s0*o.s0)
			logs = append(logs, math.Log(sum/float64(len(ticks))/sigma))
		}
		centre, away := oracleMedian(logs), 0.0
		for _, v := range logs {
			away += math.Min(math.Abs(v-centre), 1.5)
		}
		if away < least {
			least, o.own = away, share
		}
	}
}

// fromLongLevel is how far the mean of the 96 windows before tick t is from m.
func (o *straightLine) fromLongLevel(t int, m float64) float64 {
	days := o.x[max(t-96*ow, 0):t]
	if len(days) < 4*ow {
		return 0
	}
	if o.low == o.high {
		o.low, o.high = oracleQuantile(o.x, 0.01), oracleQuantile(o.x, 0.99)
	}
	sum := 0.0
	for _, v := range days {
		sum += math.Max(o.low, math.Min(o.high, v))
	}
	return sum/float64(len(days)) - m
}
