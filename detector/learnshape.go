package detector

import (
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

// How a shape is learned, and how far it may go. The figures were chosen on simulated
// services; see adr/0058.
const (
	mostExamples = 20 // good changes it is learned from, the newest
	shapeTicks   = 10 // ticks within which an extra must have ended
	returnTicks  = 10 // ticks after these, over which it must stay ended

	noiseSigmas = 2    // an extra counts beyond so many σ
	leftShare   = 0.25 // of its peak, may be left of an extra that has ended
	mostPeaks   = 3    // median peaks are allowed at most, so that an outage among the examples decides nothing
	leastSpread = 0.3  // of what is allowed: the next change may differ by chance, however alike the examples are
	mostPause   = 3    // ticks without an extra may lie within one, unless it comes back in four fifths of the examples
	longer      = 2    // times as long as the examples' may the next warm-up last
)

// ShapeExamples is how many good changes a shape needs. What is learned with fewer has none.
const ShapeExamples = 5

// example is what one good change did.
type example struct {
	extra []float64 // over the forecast, by tick since the rollout's end, until the next change
	unit  float64   // the size of its forecast
	noise float64   // σ of its before window
}

// learnShape learns the shape of direction d, nil where there is none. The extras of a
// request that is twice as slow follow its level, and those of a start that takes a core do
// not: the unit in which the peaks agree better is the shape's. A share of bad events may be
// forecast to be zero, and has its own unit only.
//
// Every change is forecast from its own before window by the weights that the regression
// begins with, because the profile's own are learned once the shape is known.
func (h History) learnShape(x Values, p Plan, s Signal, d direction) *Shape {
	all := h.examples(x, p, d)
	plain, relative := shapeFrom(all), shapeFrom(asShares(all))
	switch {
	case s.Kind == Counts, relative == nil, plain != nil && plain.variation <= relative.variation:
		return plain
	}
	relative.Relative = true
	return relative
}

// examples are the newest good changes with a before window and all ticks that a shape may
// have, no part of them masked.
func (h History) examples(x Values, p Plan, d direction) []example {
	changes := slices.Clone(h.Good)
	slices.SortFunc(changes, func(a, b GoodChange) int { return b.FinishedAt.Compare(a.FinishedAt) })
	steps := max(stats.NormalMAD*stats.MAD(differences(x), nil)/math.Sqrt2, tinyScale(x))
	next := h.Start.Add(time.Duration(len(x)-1) * p.Tick)
	var all []example
	for _, c := range changes {
		ticks := min(int(next.Sub(c.FinishedAt)/p.Tick), shapeTicks+returnTicks)
		if e, ok := h.example(x, p, d, c, ticks); ok && len(all) < mostExamples {
			e.noise = max(e.noise, steps)
			all = append(all, e)
		}
		next = c.BaseAt
	}
	return all
}

func (h History) example(x Values, p Plan, d direction, c GoodChange, ticks int) (e example, ok bool) {
	base := int(math.Round(float64(c.BaseAt.Sub(h.Start)) / float64(p.Tick)))
	since := float64(c.FinishedAt.Sub(h.Start)) / float64(p.Tick)
	first := int(math.Floor(since))
	from, to := h.Start.Add(time.Duration(base-p.Before)*p.Tick), c.FinishedAt.Add(time.Duration(ticks)*p.Tick)
	if ticks <= shapeTicks || base < p.Before || first < base-1 || h.masks(from, to) {
		return e, false
	}
	b, after := x[base-p.Before:base], x[first:first+ticks+1]
	if !mostlyPresent(b) || !mostlyPresent(after) {
		return e, false
	}
	s, o := baselineOf(b, math.NaN(), nil, nil), newForecast(p.Before, ticks)
	o.blend(b, &s, horizonOf(ticks), prior(0))
	e = example{extra: make([]float64, ticks), unit: math.Abs(stats.Mean(o.forecast)), noise: o.spread}
	for j := range e.extra {
		if extra := between(after[j], after[j+1], since-float64(first)) - o.forecast[j]; !math.IsNaN(extra) {
			e.extra[j] = d.worse(extra)
		}
	}
	return e, true
}

// between is the value of a tick that begins so far, from 0 to 1, between two others.
func between(a, b, share float64) float64 {
	switch {
	case math.IsNaN(a):
		return b
	case math.IsNaN(b):
		return a
	}
	return (1-share)*a + share*b
}

// masks reports whether a stretch overlaps one that is left out.
func (h History) masks(from, to time.Time) bool {
	for _, w := range h.Mask {
		if w.To.After(from) && w.From.Before(to) {
			return true
		}
	}
	return false
}

// asShares are the examples with their extras as shares of their forecasts; none where a
// forecast is zero.
func asShares(all []example) []example {
	shares := slices.Clone(all)
	for i := range shares {
		e := &shares[i]
		if e.unit <= 0 {
			return nil
		}
		e.extra = slices.Clone(e.extra)
		for j := range e.extra {
			e.extra[j] /= e.unit
		}
		e.noise /= e.unit
	}
	return shares
}

// peak is the largest extra within the ticks of a shape.
func (e *example) peak() float64 { return slices.Max(e.extra[:shapeTicks]) }

// left is what is left of the extra after them.
func (e *example) left() float64 { return stats.Mean(e.extra[shapeTicks:]) }

// offQuantile is the quantile of sizes that σ is taken from, and offDeviate what it is in
// normal σ. Of a share that is mostly zero, the median is zero; and more than a fifth of the
// ticks would let one outage of five decide.
const (
	offQuantile = 0.8
	offDeviate  = 1.281552
)

// noiseOf is the σ of the examples: that of their before windows, or of what they were off
// after the ticks of a shape, where the signal drifts. Of a share that is mostly zero, the
// quantile may be zero as well, and single events would be extras; so it is not less than the
// quadratic mean of the calmest four fifths of the examples.
func noiseOf(all []example) float64 {
	windows, off, squares := make([]float64, len(all)), make([]float64, 0, len(all)*returnTicks), make([]float64, len(all))
	for i := range all {
		windows[i] = all[i].noise
		for _, v := range all[i].extra[shapeTicks:] {
			off, squares[i] = append(off, math.Abs(v)), squares[i]+v*v/float64(len(all[i].extra)-shapeTicks)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(squares)
	calm := math.Sqrt(stats.Mean(squares[:len(all)-len(all)/ShapeExamples]))
	return max(stats.MedianInPlace(windows), stats.QuantileInPlace(off, offQuantile)/offDeviate, calm)
}

// shapeFrom is the shape of the examples that returned to their forecast.
func shapeFrom(all []example) *Shape {
	noise := noiseSigmas * noiseOf(all)
	all = slices.DeleteFunc(slices.Clone(all), func(e example) bool {
		return e.left() > max(noise, leftShare*e.peak())
	})
	if len(all) < ShapeExamples {
		return nil
	}
	if s := shapeOf(all, peaksOf(all), noise, risesTogether(all, noise/noiseSigmas)); s != nil {
		return s
	}
	rising := risingOf(all, noise/noiseSigmas)
	if len(rising) < 2 || ShapeExamples*len(rising) < len(all) {
		return nil
	}
	s := shapeOf(scattered(rising), peaksOf(rising), noise, true)
	if s != nil {
		s.Changes = len(all)
	}
	return s
}

// peaksOf are the peaks of the examples, ascending.
func peaksOf(all []example) []float64 {
	peaks := make([]float64, len(all))
	for i := range all {
		peaks[i] = all[i].peak()
	}
	slices.Sort(peaks)
	return peaks
}

// shapeOf is the shape of examples with some peaks, where their extras end within its ticks; nil where
// nothing was found in them.
func shapeOf(all []example, peaks []float64, noise float64, found bool) *Shape {
	least, last := max(noise, leftShare*stats.Quantile(peaks, 0.5)), 0
	for j := range shapeTicks {
		extras := extrasAt(all, j)
		usual := usualLow(extras) > noise
		found = found || usual
		if goesOn(extras) > least && (usual || j-last <= mostPause) {
			last = j + 1
		}
	}
	if !found || last == 0 || last == shapeTicks {
		return nil
	}
	return newShape(all, peaks, last, noise)
}

// extrasAt are the extras of all examples at one tick, ascending.
func extrasAt(all []example, j int) []float64 {
	extras := make([]float64, len(all))
	for i := range all {
		extras[i] = all[i].extra[j]
	}
	slices.Sort(extras)
	return extras
}

// usualLow is what four fifths of the values reach. goesOn is what more than a fifth of them
// and at least two reach: of many examples, two are beyond the noise by chance. usualHigh is
// the largest but one, so that no single example decides.
func usualLow(ascending []float64) float64 { return ascending[len(ascending)/ShapeExamples] }

func goesOn(ascending []float64) float64 {
	return ascending[len(ascending)-1-(len(ascending)+ShapeExamples-1)/ShapeExamples]
}
func usualHigh(ascending []float64) float64 { return ascending[len(ascending)-2] }

// newShape is the shape of examples whose extras last so many ticks. It goes on for longer,
// because the next warm-up may.
func newShape(all []example, peaks []float64, last int, noise float64) *Shape {
	peak := stats.Quantile(peaks, 0.5)
	s := &Shape{Changes: len(all), variation: (usualHigh(peaks) - usualLow(peaks)) / (2 * peak)}
	varies := max(leastSpread, s.variation)
	for j := range min(max(longer*last, last+1), shapeTicks) {
		most, usual := 0.0, 0.0
		for i := min(j/longer, j-1); i <= min(j+1, last-1); i++ {
			most = max(most, usualHigh(extrasAt(all, max(i, 0))))
		}
		most = min(most, mostPeaks*peak)
		if middle := stats.Quantile(extrasAt(all, j), 0.5); j < last && middle > noise/noiseSigmas {
			usual = min(middle, most)
		}
		s.Usual, s.Most, s.Spread = append(s.Usual, usual), append(s.Most, most), append(s.Spread, varies*most)
	}
	return s
}

// withoutShapes clears the ticks of every good change at which the shapes expect an extra, and
// those of its rollout: they are no example of how the signal moves by itself.
func (h History) withoutShapes(x Values, p Plan, shapes ...*Shape) Values {
	ticks := 0
	for _, s := range shapes {
		if s != nil {
			ticks = max(ticks, len(s.Most))
		}
	}
	if ticks == 0 {
		return x
	}
	x = slices.Clone(x)
	for _, c := range h.Good {
		from := int(math.Round(float64(c.BaseAt.Sub(h.Start)) / float64(p.Tick)))
		to := int(math.Floor(float64(c.FinishedAt.Sub(h.Start))/float64(p.Tick))) + ticks
		for i := max(from, 0); i <= to && i < len(x); i++ {
			x[i] = math.NaN()
		}
	}
	return x
}

// learnShapes learns the shapes of every watched direction, and returns the history without
// them.
func (h History) learnShapes(k *Profile, x Values, p Plan, s Signal) Values {
	if len(h.Good) < ShapeExamples {
		return x
	}
	if s.Worse != Lower {
		k.HigherShape = h.learnShape(x, p, s, upward)
	}
	if s.Worse != Higher {
		k.LowerShape = h.learnShape(x, p, s, downward)
	}
	return h.withoutShapes(x, p, k.HigherShape, k.LowerShape)
}
