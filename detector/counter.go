package detector

import "math"

// counter reads the samples of one counter, which may be shown by replicas that lag or that
// started at different times.
//
// Each replica's values are a line. A sample goes on the line from which it grew least; a
// sample that fits none begins a line. What is counted is the growth along a line since its
// last sample, less what was counted by other lines meanwhile, so that no event counts twice.
//
// See adr/0057.
type counter struct {
	signal  *counters
	of      pointSeries
	lines   []line
	counted float64
	skipped bool // the sample before this one was left out
}

// line is one replica's last sample: the place of it, and what had been counted by then.
type line struct {
	place   int
	point   point
	counted float64
}

// The lines of a counter are kept for so many samples, and so many of them.
const (
	lineSamples = 10
	maxLines    = 4
)

// growth is what one sample adds. Known is false where nothing can be said: the sample only
// begins a line. Impossible marks an increase that cannot be true.
type growth struct {
	events, beside    float64
	known, impossible bool
}

// next reads the i-th point.
func (c *counter) next(i int) growth {
	p := c.of.points[i]
	c.forget(i)
	if k := c.fitting(i); k >= 0 {
		l := c.lines[k]
		if p.beside < l.point.beside && p.v > l.point.v && !c.skipped {
			c.skipped = true // one counter of a histogram dipped; the growth falls on the next sample
			return growth{}
		}
		c.skipped = false
		c.lines = append(c.lines[:k], c.lines[k+1:]...)
		return c.follow(i, l)
	}
	c.skipped = false
	if len(c.lines) == 0 {
		return c.begin(i, c.signal.startsAtZero(c.of, p, i))
	}
	last := c.last()
	switch {
	case p.v < last.point.v:
		return c.begin(i, c.restarted(i, last))
	case c.sustained(i, last):
		return c.follow(i, last)
	}
	g := c.begin(i, false)
	g.impossible = true
	return g
}

// forget drops the lines that no sample has continued for long.
func (c *counter) forget(i int) {
	kept := c.lines[:0]
	for k, l := range c.lines {
		if k == len(c.lines)-1 || i-l.place <= lineSamples && len(c.lines)-k <= maxLines {
			kept = append(kept, l)
		}
	}
	c.lines = kept
}

// last is the line of the sample before.
func (c *counter) last() line { return c.lines[len(c.lines)-1] }

// fitting is the line from which the i-th point grew least, by an increase that can be true;
// −1 where there is none.
func (c *counter) fitting(i int) int {
	p, best, least := c.of.points[i], -1, math.Inf(+1)
	for k, l := range c.lines {
		grown := p.v - l.point.v
		if grown >= 0 && grown < least && c.signal.pace.allows(grown, p.t-l.point.t, jumpPace) {
			best, least = k, grown
		}
	}
	return best
}

// follow counts the growth from a line to the i-th point.
func (c *counter) follow(i int, l line) growth {
	p := c.of.points[i]
	grown := p.v - l.point.v
	g := growth{events: max(grown-(c.counted-l.counted), 0), known: true}
	if share := part(g.events, grown); share > 0 {
		g.beside = share * max(p.beside-l.point.beside, 0)
	}
	c.counted += g.events
	c.keep(i)
	return g
}

// part is how much of what grew is counted; all of nothing.
func part(counted, grown float64) float64 {
	if grown <= 0 {
		return 1
	}
	return counted / grown
}

// begin begins a line at the i-th point, counted from 0 or not at all.
func (c *counter) begin(i int, fromZero bool) growth {
	g := growth{}
	if p := c.of.points[i]; fromZero {
		g = growth{events: p.v, beside: p.beside, known: true}
	}
	c.counted += g.events
	c.keep(i)
	return g
}

func (c *counter) keep(i int) {
	c.lines = append(c.lines, line{i, c.of.points[i], c.counted})
}

// restarted reports whether the drop to the i-th point is a restart: the value may have come
// since the sample before, and the other counters of the process restarted too. A drop by
// less than half, of a counter that stands alone, is no restart.
func (c *counter) restarted(i int, last line) bool {
	p := c.of.points[i]
	if !c.signal.pace.allows(p.v, p.t-last.point.t, startPace) {
		return false
	}
	if c.signal.paired {
		return p.beside < last.point.beside || last.point.beside == 0
	}
	far := p.v < last.point.v/2
	if len(c.signal.whole) <= 1 {
		return far
	}
	return c.signal.restartedAt(p.t, c.of)
}

// sustainedShare is how much of a step's rate must last, for a step that is beyond the usual
// pace to be true.
const sustainedShare = 0.25

// sustained reports whether the counter goes on at about the rate of the step to the i-th
// point. Traffic that has grown stays; what a store invented does not. The newest sample has
// nothing behind it, and is believed a sample later.
func (c *counter) sustained(i int, last line) bool {
	if i+1 >= len(c.of.points) {
		return false
	}
	p, next := c.of.points[i], c.of.points[i+1]
	rate := (p.v - last.point.v) / float64(p.t-last.point.t)
	return next.v-p.v >= sustainedShare*rate*float64(next.t-p.t)
}
