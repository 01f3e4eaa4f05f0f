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
	points    []point
	bounds    bounds
	fromZero  bool                              // the first point counts
	restarted func(i int, v, last float64) bool // the process restarted at the i-th point
	lines     []line
	counted   float64
	since     int64 // the time up to which growth has been counted
	named     int32 // how many lines have been begun
}

// line is one replica's last sample: the place of it, and what had been counted by then.
// Before a line's first sample, at began, lies a gap, in milliseconds, over which nothing was
// counted. Earlier are the places of the two samples before, the newest first. Proven marks a
// line whose growth is believed.
type line struct {
	place   int
	point   point
	counted float64
	began   int64
	gap     int64
	earlier [2]int
	name    int32 // from 1
	proven  bool
}

// The lines of a counter are kept for so many samples, and so many of them.
const (
	lineSamples = 10
	maxLines    = 4
)

// growth is what one sample adds. Known is false where nothing can be said: the sample only
// begins a line. Line names the one that the sample is on, 0 for none. Returned marks growth
// along a line that began before the sample before, restarted what counts from 0, and
// impossible an increase that cannot be true.
type growth struct {
	events                                 float64
	line                                   int32
	known, returned, restarted, impossible bool
}

// next reads the i-th point.
func (c *counter) next(i int) growth {
	if g := c.goOn(i); g.known {
		return g
	}
	c.forget(i)
	if len(c.lines) == 0 {
		return c.begin(i, c.fromZero && i == 0)
	}
	if c.lags(i) {
		return growth{}
	}
	if k := c.fitting(i); k >= 0 {
		l, believed := c.lines[k], c.believed(k)
		c.lines = append(c.lines[:k], c.lines[k+1:]...)
		if !believed {
			return c.resume(i, l)
		}
		return c.follow(i, l)
	}
	p, last := c.points[i], c.lines[len(c.lines)-1]
	switch {
	case p.v < last.point.v:
		return c.begin(i, c.bounds.starts(p.v, p.t-last.point.t) && c.restarted(i, p.v, last.point.v))
	case c.sustained(i, last):
		return c.follow(i, last)
	}
	g := c.begin(i, false)
	g.impossible = true
	return g
}

// goOn is next of a counter with one line only, where the i-th point fits it: nearly always.
func (c *counter) goOn(i int) growth {
	if len(c.lines) != 1 {
		return growth{}
	}
	l, p := &c.lines[0], c.points[i]
	if grown, elsewhere := p.v-l.point.v, c.counted-l.counted; grown < 0 || !c.bounds.jumps(grown, p.t-l.point.t) || !c.bounds.jumps(grown-elsewhere, p.t-c.since) {
		return growth{}
	}
	return c.grow(i, l)
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

// fitting is the line from which the i-th point grew least, by an increase that can be true;
// −1 where there is none. What other lines did not count meanwhile must have come since they
// did: a line that was not continued for ten samples would allow for ten times as much.
func (c *counter) fitting(i int) int {
	p, best, least := c.points[i], -1, math.Inf(+1)
	for k, l := range c.lines {
		grown, elsewhere := p.v-l.point.v, c.counted-l.counted
		if grown >= 0 && grown < least && c.bounds.jumps(grown, p.t-l.point.t) && c.bounds.jumps(grown-elsewhere, p.t-c.since) {
			best, least = k, grown
		}
	}
	return best
}

// follow goes on with a line that the i-th point fits.
func (c *counter) follow(i int, l line) growth {
	g := c.grow(i, &l)
	c.lines = append(c.lines, l)
	if g.returned {
		c.closeGaps(i, g.events)
	}
	return g
}

// grow counts the growth from a line to the i-th point, which goes on it.
func (c *counter) grow(i int, l *line) growth {
	g := growth{events: max(c.points[i].v-l.point.v-(c.counted-l.counted), 0), line: l.name, known: true, returned: l.place < i-1}
	c.counted += g.events
	c.since = c.points[i].t
	l.goOn(i, c.points[i], c.counted)
	return g
}

// closeGaps shares out growth along an older line, which covers the gaps of the lines that
// began meanwhile: what those had counted by then is known only now.
func (c *counter) closeGaps(i int, events float64) {
	newest, all := c.lines[len(c.lines)-1], int64(0)
	for _, l := range c.lines {
		if newest.covers(l) {
			all += l.gap
		}
	}
	during := c.points[i].t - c.points[i-1].t
	for k := range c.lines {
		if l := &c.lines[k]; newest.covers(*l) {
			l.counted, l.gap = l.counted+events*float64(l.gap)/float64(max(all+during, 1)), 0
		}
	}
}

// covers reports whether a line began before the gap of another.
func (l line) covers(other line) bool { return other.gap > 0 && other.began-other.gap >= l.began }

// begin begins a line at the i-th point, counted from 0 or not at all.
func (c *counter) begin(i int, fromZero bool) growth {
	c.named++
	g := growth{line: c.named, known: fromZero, restarted: fromZero}
	if fromZero {
		g.events = c.points[i].v
	}
	c.counted += g.events
	if i == 0 || fromZero {
		c.since = c.points[i].t
	}
	p := c.points[i]
	c.lines = append(c.lines, line{name: c.named, place: i, point: p, counted: c.counted, began: p.t, gap: p.t - c.since, earlier: noneEarlier, proven: fromZero})
	return g
}

// sustainedShare is how much of a step's rate must last, for a step that is beyond the usual
// pace to be true.
const sustainedShare = 0.25

// sustained reports whether the counter goes on at about the rate of the step to the i-th
// point. Traffic that has grown stays; what a store invented does not. The newest sample has
// nothing behind it, and is believed a sample later.
func (c *counter) sustained(i int, last line) bool {
	p := c.points[i]
	return rateLasts(c.points, i, (p.v-last.point.v)/float64(p.t-last.point.t))
}

// lastsFor is for how many samples a rate must last, as far as there are any: from the first of three replicas to the
// second, and from there to the third, is twice the same step.
const lastsFor = 2

// rateLasts reports whether a counter goes on after the i-th point at about a rate.
func rateLasts(points []point, i int, rate float64) bool {
	next := points[i:min(i+1+lastsFor, len(points))]
	for k := 1; k < len(next); k++ {
		if next[k].v-next[k-1].v < sustainedShare*rate*float64(next[k].t-next[k-1].t) {
			return false
		}
	}
	return len(next) > 1
}
