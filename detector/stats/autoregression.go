package stats

import "math"

// Autoregression is a series in which every value is drawn towards its mean from the value
// before: x − mean = Memory·(last − mean) + noise.
type Autoregression struct {
	Memory float64 // from 0, every value for itself, to mostMemory
	Mean   float64
	Scale  float64 // of the noise, σ
	Values float64 // how many it was fitted to
	Last   float64 // the last value
	Since  int     // missing values after the last one
}

// mostMemory keeps the distance from a random walk that a short series cannot show.
const mostMemory = 0.98

// FitAutoregression fits it to a short series. Missing values are skipped. The memory is
// its estimate, which is too low on average by (1+3·Memory)/n (Kendall 1954), plus one
// standard error: a memory believed too short calls every drift a shift.
func FitAutoregression(x []float64) Autoregression {
	f := Autoregression{Mean: Mean(x)}
	products, squares, pairs := 0.0, 0.0, 0.0
	for i, v := range x {
		f.Since++
		if math.IsNaN(v) {
			continue
		}
		f.Values, f.Last, f.Since = f.Values+1, v, 0
		if i > 0 && !math.IsNaN(x[i-1]) {
			before := x[i-1] - f.Mean
			products, squares, pairs = products+before*(v-f.Mean), squares+before*before, pairs+1
		}
	}
	if squares > 0 && pairs > 2 {
		m := products / squares
		m += (1+3*m)/pairs + math.Sqrt(max(1-m*m, 0)/pairs)
		f.Memory = min(max(m, 0), mostMemory)
	}
	f.Scale = f.noise(x)
	return f
}

// noise is the larger of two estimates of σ, of which one follows outliers and one does not.
func (f Autoregression) noise(x []float64) float64 {
	rest, sum := make([]float64, 0, len(x)), 0.0
	for i := 1; i < len(x); i++ {
		if r := x[i] - f.Mean - f.Memory*(x[i-1]-f.Mean); !math.IsNaN(r) {
			rest, sum = append(rest, r), sum+r*r
		}
	}
	if len(rest) < 3 {
		return 0
	}
	return max(math.Sqrt(sum/float64(len(rest)-2)), NormalMAD*MAD(rest, nil))
}

// MeanError is the standard error of Mean.
func (f Autoregression) MeanError() float64 {
	return f.Scale / (1 - f.Memory) / math.Sqrt(f.Values)
}

// furthest is how many σ beyond its forecast a single value counts at most, so that one
// spike of a skewed series is no shift.
const furthest = 3

// Shift compares the values that come gap ticks after those fitted with their forecasts, in
// the direction given (+1 or −1). It returns the mean forecast, and how many standard errors
// the mean lies beyond it; NaN without values or noise.
func (f Autoregression) Shift(after []float64, gap int, direction float64) (forecast, deviate float64) {
	kept, noise := f.skip(gap)
	beyond, n := 0.0, 0.0
	for _, v := range after {
		kept, noise = kept*f.Memory, f.Memory*f.Memory*noise+1
		if math.IsNaN(v) {
			continue
		}
		ahead := f.Mean + kept*(f.Last-f.Mean)
		beyond += min(direction*(v-ahead), furthest*f.Scale*math.Sqrt(noise))
		forecast, n = forecast+ahead, n+1
	}
	return forecast / n, beyond / n / f.ShiftError(after, gap)
}

// skip is how much of the last value's distance from the mean is kept over gap ticks, and
// the variance that their noise adds, in Scale².
func (f Autoregression) skip(gap int) (kept, noise float64) {
	kept = 1
	for range gap + f.Since {
		kept, noise = kept*f.Memory, f.Memory*f.Memory*noise+1
	}
	return kept, noise
}

// ShiftError is the standard error of what Shift compares: the mean of the values that are
// not missing, less their mean forecast. It has the noise of the values, which the memory
// carries on, and the error of Mean.
func (f Autoregression) ShiftError(after []float64, gap int) float64 {
	kept, noise := f.skip(gap)
	drawn, n, variance, carried := 0.0, 0.0, 0.0, 0.0
	for _, v := range after {
		if kept *= f.Memory; !math.IsNaN(v) {
			drawn, n = drawn+1-kept, n+1
		}
	}
	// carried is how much the noise of a tick adds to the sum of the values from it on.
	for i := len(after) - 1; i >= 0; i-- {
		if carried *= f.Memory; !math.IsNaN(after[i]) {
			carried++
		}
		variance += carried * carried
	}
	variance += carried * carried * f.Memory * f.Memory * noise
	drawn /= 1 - f.Memory
	return f.Scale * math.Sqrt(variance+drawn*drawn/f.Values) / n
}
