package detector

// pairCounter reads two counters of one histogram together, each of which may be shown by a
// replica of its own.
//
// Where both counters are on lines that they have been on before, at the same sample, both
// have grown since then by what is known exactly. So the pair has lines too, each of a line of
// the one and a line of the other, and what is counted is the growth along those. Gaps are
// shared out by the same weights for both counters, so that a wrong weight moves events from
// one sample to another, and the share of the one in the other stays what it was.
//
// See adr/0057.
type pairCounter struct {
	own, beside counter
	notched     func(i int) bool // what the i-th sample adds is told with the next
	held        pairGrowth
	lines       []pairLine // the newest last
	counted     pairSums
	since       int64 // the time up to which growth has been counted
}

// pairSums are events of one counter, and of the one beside it.
type pairSums struct{ own, beside float64 }

// plus adds so much of others.
func (s pairSums) plus(o pairSums, weight float64) pairSums {
	return pairSums{s.own + weight*o.own, s.beside + weight*o.beside}
}

// pairLine is the last sample on a line of each counter, and what had been counted by then. Before its
// first sample, at began, lies a gap, in milliseconds, over which nothing was counted. Plain is what is known
// of it.
type pairLine struct {
	own, beside int32 // the names of the lines
	at, counted pairSums
	began, gap  int64
	plain       plainGrowth
}

// plainGrowth is what one counter of a pair, which goes on along the line of the sample before,
// grew by in a sample in which the other does not.
type plainGrowth struct {
	beside bool
	events float64
}

// maxPairLines is how many lines of a pair are kept: each line of the one with each of the other.
const maxPairLines = maxLines * maxLines

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

// read reads the i-th points by their lines. What is on no line says nothing: it lags.
func (c *pairCounter) read(i int) pairGrowth {
	a, b := c.own.next(i), c.beside.next(i)
	if a.line == 0 || b.line == 0 {
		return pairGrowth{impossible: a.impossible || b.impossible}
	}
	newest := len(c.lines) - 1
	for k := newest; k >= 0; k-- {
		l := &c.lines[k]
		switch {
		case l.own != a.line || l.beside != b.line:
		case k == newest: // as nearly always; no gap has come since
			return c.grow(i, l)
		default:
			return c.comeBack(i, k, plainOf(a, b))
		}
	}
	return c.begin(i, a, b)
}

// at are the values of the i-th points.
func (c *pairCounter) at(i int) pairSums { return pairSums{c.own.points[i].v, c.beside.points[i].v} }

// comeBack goes on with an older line.
func (c *pairCounter) comeBack(i, k int, now plainGrowth) pairGrowth {
	l := c.lines[k]
	g := c.grow(i, &l)
	c.lines = append(append(c.lines[:k], c.lines[k+1:]...), l)
	c.closeGaps(i, pairSums{g.events, g.beside}, now)
	return g
}

// grow counts the growth from a line to the i-th points, less what was counted on others.
func (c *pairCounter) grow(i int, l *pairLine) pairGrowth {
	at := c.at(i)
	grown := pairSums{
		max(at.own-l.at.own-(c.counted.own-l.counted.own), 0),
		max(at.beside-l.at.beside-(c.counted.beside-l.counted.beside), 0),
	}
	c.count(i, grown)
	l.at, l.counted = at, c.counted
	return pairGrowth{events: grown.own, beside: grown.beside, known: true}
}

// begin begins a line at the i-th points, counted from 0 if both restarted, and else not at all.
func (c *pairCounter) begin(i int, a, b growth) pairGrowth {
	l := pairLine{own: a.line, beside: b.line, began: c.own.points[i].t}
	g := pairGrowth{known: a.restarted && b.restarted, impossible: a.impossible || b.impossible}
	switch {
	case g.known:
		g.events, g.beside = a.events, b.events
		c.count(i, pairSums{g.events, g.beside})
	case len(c.lines) == 0:
		c.count(i, pairSums{})
	default:
		l.gap, l.plain = l.began-c.since, plainOf(a, b)
	}
	l.at, l.counted = c.at(i), c.counted
	if len(c.lines) == maxPairLines {
		c.lines = append(c.lines[:0], c.lines[1:]...)
	}
	c.lines = append(c.lines, l)
	return g
}

func (c *pairCounter) count(i int, grown pairSums) {
	c.counted, c.since = c.counted.plus(grown, 1), c.own.points[i].t
}

// closeGaps shares out growth along an older line, which covers the gaps of the lines that
// began meanwhile. A counter that went on alone says better than the time how.
func (c *pairCounter) closeGaps(i int, grown pairSums, now plainGrowth) {
	newest := c.lines[len(c.lines)-1]
	during := c.own.points[i].t - c.own.points[i-1].t
	var gaps int64
	waited, plain := 0.0, now.events > 0
	for _, l := range c.lines {
		if newest.covers(l) {
			gaps, waited = gaps+l.gap, waited+l.plain.events
			plain = plain && l.plain.beside == now.beside && l.plain.events > 0
		}
	}
	for k := range c.lines {
		l := &c.lines[k]
		if !newest.covers(*l) {
			continue
		}
		weight := float64(l.gap) / float64(max(gaps+during, 1))
		if plain {
			weight = l.plain.events / (waited + now.events)
		}
		l.counted, l.gap = l.counted.plus(grown, weight), 0
	}
}

// covers reports whether a line began before the gap of another.
func (l pairLine) covers(other pairLine) bool {
	return other.gap > 0 && other.began-other.gap >= l.began
}

// plainOf is the growth of the counter that goes on alone, if one does.
func plainOf(a, b growth) plainGrowth {
	goesOn := func(g growth) bool { return g.known && !g.returned && !g.restarted }
	switch {
	case goesOn(b):
		return plainGrowth{true, b.events}
	case goesOn(a):
		return plainGrowth{false, a.events}
	}
	return plainGrowth{}
}
