package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// Noise is what the residuals of a scan do from tick to tick when nothing is deployed, in σ:
// an autoregression of order one about an offset that stays for the horizon.
type Noise struct {
	Memory float64 `json:"memory"` // φ: what is left of a residual at the next tick
	First  float64 `json:"first"`  // spread of the first residual
	Later  float64 `json:"later"`  // spread of what each later one adds to what the last one left
	Offset float64 `json:"offset"` // spread of the forecast's error for the whole horizon
}

// The time of a change is known, and means over the last k ticks make no use of it. sinceChange
// adds up all ticks since the change: each by what it adds to what the last one left (its
// innovation), weighted by how much of a lasting shift it shows. Its value is the logarithm of
// the likelihood ratio of a normal mixture of shifts against none (Robbins 1970), which grows
// no faster late than early. How large it gets by itself is asked of the placebos, as for every
// length of the scan.
//
// See adr/0068.
type sinceChange struct {
	noise  Noise
	ticks  []sinceTick // of a change of which no tick is missing
	at     int         // the next of these; past the last from the first missing tick on
	sum    float64
	last   float64
	ratio  float64 // the log ratio of all so far
	weight float64 // these three where ticks do not say them
	memory float64 // of the last residual, at the next tick; 0 before the first
	spread float64 // of the next tick, around what is remembered
}

// sinceTick is what a tick since the change counts for. While no tick is missing that is the same
// for every change, and costs more than the tick itself.
type sinceTick struct {
	memory, per, shown float64 // innovation: (residual − memory × the last) × per; it shows so much of a shift
	weight             float64 // of all ticks so far
	size, penalty      float64 // log ratio: size × sum × |sum| − penalty
}

// ratio is the log ratio of what was added up.
func (t *sinceTick) ratio(sum float64) float64 { return sum*math.Abs(sum)*t.size - t.penalty }

// sum is what a log ratio comes of, at least 0.
func (t *sinceTick) sum(ratio float64) float64 { return math.Sqrt(max(ratio+t.penalty, 0) / t.size) }

// begin is before the first tick of a change, with as many ticks as are known ahead. Without
// noise, nothing is ever added up.
func (n *Noise) begin(after int) sinceChange {
	if n == nil || n.Later <= 0 {
		return sinceChange{ratio: math.Inf(-1)}
	}
	c := sinceChange{noise: *n, ratio: math.Inf(-1), spread: n.First}
	ticks := make([]sinceTick, after)
	for i := range ticks {
		ticks[i] = c.next()
	}
	c.ticks = ticks
	return c.again()
}

// again is before the first tick of another change.
func (c *sinceChange) again() sinceChange {
	return sinceChange{noise: c.noise, ticks: c.ticks, ratio: math.Inf(-1), spread: c.noise.First}
}

// innovationClip is the size in spreads from which innovations count logarithmically.
const innovationClip = 3

// add takes the next residual, and returns the log ratio of all so far.
func (c *sinceChange) add(r float64) float64 {
	if c.noise.Later <= 0 {
		return c.ratio
	}
	if math.IsNaN(r) {
		c.miss()
		return c.ratio
	}
	var t sinceTick
	if c.at < len(c.ticks) {
		t = c.ticks[c.at]
		c.at++
	} else {
		c.leave()
		t = c.next()
	}
	c.sum += t.shown * softClip((r-t.memory*c.last)*t.per, innovationClip)
	c.last, c.ratio = r, t.ratio(c.sum)
	return c.ratio
}

// largest is the largest log ratio of a change of which no tick is missing.
func (c *sinceChange) largest(residuals []float64) float64 {
	if c.noise.Later <= 0 {
		return c.ratio
	}
	largest, sum, last := math.Inf(-1), 0.0, 0.0
	for j, t := range c.ticks[:len(residuals)] {
		r := residuals[j]
		sum += t.shown * softClip((r-t.memory*last)*t.per, innovationClip)
		last = r
		if ratio := t.ratio(sum); ratio > largest {
			largest = ratio
		}
	}
	return largest
}

// miss is a missing tick: the longer nothing is seen, the less is remembered.
func (c *sinceChange) miss() {
	c.leave()
	c.memory, c.spread = c.memory*c.noise.Memory, math.Hypot(c.noise.Memory*c.spread, c.noise.Later)
}

// leave goes on without the ticks that are known ahead.
func (c *sinceChange) leave() {
	if c.at > 0 && c.at <= len(c.ticks) {
		c.weight, c.memory, c.spread = c.ticks[c.at-1].weight, c.noise.Memory, c.noise.Later
	}
	c.at = len(c.ticks) + 1
}

// usualShift is the spread in σ of the shifts that are looked for.
const usualShift = 2

// next is the tick after those so far. The ratio compares the shift that was seen, sum/weight,
// with its error.
func (c *sinceChange) next() sinceTick {
	t := sinceTick{memory: c.memory, per: 1 / c.spread}
	t.shown = (1 - c.memory) * t.per
	t.weight = c.weight + t.shown*t.shown
	variance := c.noise.variance(t.weight)
	known := usualShift * usualShift / variance
	t.size, t.penalty = known/(1+known)/variance/t.weight/t.weight/2, math.Log1p(known)/2
	c.weight, c.memory, c.spread = t.weight, c.noise.Memory, c.noise.Later
	return t
}

// variance is that of a shift that was estimated with a weight.
func (n *Noise) variance(weight float64) float64 { return 1/weight + n.Offset*n.Offset }

// noise learns how residuals move from the first ticks of some placebos.
func (l learner) noise(p placebos, of *Scan) *Noise {
	stride := (len(p.at) + windowsForWeights - 1) / windowsForWeights
	n := len(p.at)/stride + 1
	first, level, pairs := make([]float64, 0, n), make([]float64, 0, n), make([]float64, 0, 2*n*len(l.ticks))
	r := make([]float64, l.after)
	for i := 0; i < len(p.at); i += stride {
		l.residuals(r, p, i, of)
		first, level = append(first, r[0]), append(level, stats.Mean(r))
		for _, j := range l.ticks[1:] {
			pairs = append(pairs, r[j-1], r[j])
		}
	}
	return noiseFrom(first, pairs, level, l.after)
}

// noiseFrom is the noise of first residuals, of pairs of neighbours and of the horizons' means;
// nil where they do not move.
func noiseFrom(first, pairs, level []float64, after int) *Noise {
	n := Noise{Memory: memoryOf(pairs), First: spreadAboutZero(first)}
	later := pairs[:0]
	for i := 0; i+1 < len(pairs); i += 2 {
		later = append(later, pairs[i+1]-n.Memory*pairs[i])
	}
	n.Later = spreadAboutZero(later)
	if !(n.First > leastMove) || !(n.Later > leastMove) {
		return nil
	}
	n.Offset = n.offsetOf(spreadAboutZero(level), after)
	return &n
}

// residuals fills in those of one placebo in σ, upward.
func (l learner) residuals(r []float64, p placebos, i int, of *Scan) {
	scale := of.sigma(p.spread[i])
	for j := range r {
		r[j] = residual(l.x[p.at[i]+j], p.forecast[i*l.after+j], scale, upward)
	}
}

// memoryOf is φ by least squares over pairs of neighbours, each cut to innovationClip.
func memoryOf(pairs []float64) float64 {
	product, square := 0.0, 0.0
	for i := 0; i+1 < len(pairs); i += 2 {
		a, b := cut(pairs[i], innovationClip), cut(pairs[i+1], innovationClip)
		if !math.IsNaN(a * b) {
			product, square = product+a*b, square+a*a
		}
	}
	if !(square > 0) {
		return 0
	}
	return max(0, min(product/square, mostMemory))
}

// mostMemory keeps a random walk from being a forecast without error.
const mostMemory = 0.98

func cut(v, most float64) float64 { return max(-most, min(v, most)) }

// offsetOf is the spread of the horizon's offset: what the spread of a whole horizon's mean
// exceeds what an autoregression alone would give it.
func (n Noise) offsetOf(level float64, after int) float64 {
	alone := n.Later / (1 - n.Memory) / math.Sqrt(float64(after))
	return math.Sqrt(max(level*level-alone*alone, 0))
}

// spreadAboutZero is a standard deviation by the median size.
func spreadAboutZero(x []float64) float64 {
	sizes := make([]float64, 0, len(x))
	for _, v := range x {
		if !math.IsNaN(v) {
			sizes = append(sizes, math.Abs(v))
		}
	}
	return finiteOrZero(stats.NormalMAD * stats.MedianInPlace(sizes))
}

// leastMove is the spread in σ under which residuals are rounding.
const leastMove = 1e-6
