package detector

import "math"

// track follows the after-ticks of one change by one scan.
type track struct {
	scan     *Scan
	forecast []float64   // of every tick of the horizon
	allowed  []allowance // of the first ticks
	scale    float64     // σ
	scanner  *scanner
	units    [lengths]unit
	most     float64 // running maximum of the largest score of any length
}

// track begins to follow the trial's change in direction d, after before window b. One that is usual needs no floor.
func (t *trial) track(s *Scan, b []float64, window *baseline, usual bool, h horizon, d direction) track {
	window.limit(s.Limits)
	o := newForecast(len(b), t.plan.After)
	o.blend(b, window, h, s.Weights)
	if !usual {
		t.floor(o.forecast, d)
	}
	return track{
		scan: s, forecast: o.forecast, allowed: t.allowances(o.forecast, d), scale: s.sigma(o.spread),
		scanner: newScanner(t.plan.After, s.Noise), units: unitsOf(s.Lengths), most: math.Inf(-1),
	}
}

// tick takes value n, NaN where it is missing, and how far it may be off for other reasons than
// noise. It returns the residual, and whether the maximum rose.
func (k *track) tick(n int, a, doubt float64, d direction) (r float64, rose bool) {
	scale, value, shaped := k.scale, a, n < len(k.allowed)
	if shaped {
		allowed := k.allowed[n]
		value, doubt = allowed.unexpected(a, k.forecast[n], d), math.Hypot(doubt, allowed.spread)
	}
	if doubt > 0 {
		scale = math.Hypot(scale, doubt)
	}
	r = residual(value, k.forecast[n], scale, d)
	since := r
	if shaped {
		since = math.NaN() // a deploy that warms up for longer than usual does so at every tick
	}
	highest := k.scanner.highest(r, since, k.scan.Lengths, &k.units)
	if rose = highest > k.most; rose {
		k.most = highest
	}
	return r, rose
}
