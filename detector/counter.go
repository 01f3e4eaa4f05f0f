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
	proven  bool
}

// The lines of a counter are kept for so many samples, and so many of them.
const (
	lineSamples = 10
	maxLines    = 4
)

// growth is what one sample adds. Known is false where nothing can be said: the sample only
// begins a line. Returned marks growth along a line that began before the sample before, and
// impossible an increase that cannot be true.
type growth struct {
	events                      float64
	known, returned, impossible bool
}

// next reads the i-th point.
func (c *counter) next(i int) growth {
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

// follow counts the growth from a line to the i-th point.
func (c *counter) follow(i int, l line) growth {
	g := growth{events: max(c.points[i].v-l.point.v-(c.counted-l.counted), 0), known: true, returned: l.place < i-1}
	c.counted += g.events
	c.since = c.points[i].t
	c.keep(i, l.goesOn(i))
	return g
}

// closeGaps shares out growth along an older line, which covers the gaps of the lines that
// began meanwhile: what those had counted by then is known only now. weight is how much of the
// growth fell into the gaps.
func (c *counter) closeGaps(events, weight float64) {
	all, newest := c.gaps(), c.lines[len(c.lines)-1]
	for k := range c.lines {
		if l := &c.lines[k]; newest.covers(*l) {
			l.counted, l.gap = l.counted+events*weight*float64(l.gap)/float64(all), 0
		}
	}
}

// covers reports whether a line began before the gap of another.
func (l line) covers(other line) bool { return other.gap > 0 && other.began-other.gap >= l.began }

// gaps is how long the gaps are that the newest line covers.
func (c *counter) gaps() (all int64) {
	for _, l := range c.lines {
		if c.lines[len(c.lines)-1].covers(l) {
			all += l.gap
		}
	}
	return all
}

// gapWeight is how much of the time up to the i-th point lies in gaps.
func (c *counter) gapWeight(i int) float64 {
	gaps, during := c.gaps(), c.points[i].t-c.points[i-1].t
	return float64(gaps) / float64(max(gaps+during, 1))
}

// begin begins a line at the i-th point, counted from 0 or not at all.
func (c *counter) begin(i int, fromZero bool) growth {
	g := growth{known: fromZero}
	if fromZero {
		g.events = c.points[i].v
	}
	c.counted += g.events
	if i == 0 || fromZero {
		c.since = c.points[i].t
	}
	c.keep(i, line{began: c.points[i].t, gap: c.points[i].t - c.since, earlier: noneEarlier, proven: fromZero})
	return g
}

// keep makes the i-th point the last sample of a line.
func (c *counter) keep(i int, l line) {
	l.place, l.point, l.counted = i, c.points[i], c.counted
	c.lines = append(c.lines, l)
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

// rateLasts reports whether a counter goes on after the i-th point at about a rate.
func rateLasts(points []point, i int, rate float64) bool {
	if i+1 >= len(points) {
		return false
	}
	p, next := points[i], points[i+1]
	return next.v-p.v >= sustainedShare*rate*float64(next.t-p.t)
}

// pairCounter reads two counters of one histogram together. What one grew by in a sample that
// only begins a line of the other waits: it counts if the other comes back to an older line,
// whose growth then covers that sample too, and otherwise not.
type pairCounter struct {
	own, beside counter
	notched     func(i int) bool // what the i-th sample adds is told with the next
	held        pairGrowth
	waiting     [2]float64 // of own and beside
	until       int        // the place up to which it waits
}

// pairGrowth is what one sample adds to both.
type pairGrowth struct {
	events, beside    float64
	known, impossible bool
}

// next reads the i-th points. A sample that lacks what the next one makes up for is told with
// it, so that no tick gets too much of one counter and the other tick too little.
func (c *pairCounter) next(i int) pairGrowth {
	g := c.read(i)
	if !g.known {
		return g
	}
	g.events, g.beside, c.held = g.events+c.held.events, g.beside+c.held.beside, pairGrowth{}
	if c.notched(i) {
		c.held = g
		return pairGrowth{}
	}
	return g
}

// read reads the i-th points by their lines.
func (c *pairCounter) read(i int) pairGrowth {
	a, b := c.own.next(i), c.beside.next(i)
	if i > c.until {
		c.waiting = [2]float64{}
	}
	if !a.known || !b.known {
		c.waiting[0], c.waiting[1], c.until = c.waiting[0]+a.events, c.waiting[1]+b.events, i+lineSamples
		return pairGrowth{impossible: a.impossible || b.impossible}
	}
	g := pairGrowth{events: a.events, beside: b.events, known: true}
	if a.returned {
		c.own.closeGaps(a.events, part(c.waiting[1], b.events, c.own.gapWeight(i)))
		g.beside, c.waiting[1] = g.beside+c.waiting[1], 0
	}
	if b.returned {
		c.beside.closeGaps(b.events, part(c.waiting[0], a.events, c.beside.gapWeight(i)))
		g.events, c.waiting[0] = g.events+c.waiting[0], 0
	}
	return g
}

// part is the share of waited in waited and now: the other counter of a histogram says better
// than the time how growth is to be shared out.
func part(waited, now, otherwise float64) float64 {
	if waited > 0 && now > 0 {
		return waited / (waited + now)
	}
	return otherwise
}
