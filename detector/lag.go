package detector

// lagSamples is how many samples a replica may lag.
const lagSamples = 4

// lags reports whether the i-th point comes from a replica that lags: it is lower than what
// was shown a moment ago, and not lower than what was shown lagSamples before that. What it
// counted has been counted, or will be when the counter is higher than ever. A line of its own
// would follow the same events a second time, and tell only by estimates which those are.
func (c *counter) lags(i int) bool {
	p, high, found := c.points[i], 0.0, false
	for _, l := range c.lines {
		if l.place >= i-lagSamples && (!found || l.point.v > high) {
			high, found = l.point.v, true
		}
	}
	from := max(i-1-lagSamples, 0)
	if !found || p.v >= high || !c.bounds.usual(high-p.v, p.t-c.points[from].t) {
		return false
	}
	for k := max(i-lineSamples, 0); k <= from; k++ {
		if p.v < c.points[k].v {
			return false
		}
	}
	last := c.points[i-1]
	return !(p.v < last.v && c.bounds.starts(p.v, p.t-last.t) && c.restarted(i, p.v, last.v))
}

// noneEarlier are the earlier places of a line that has just begun.
var noneEarlier = [2]int{-lineSamples - 1, -lineSamples - 1}

// goOn puts the i-th sample on a line. A line is proven once three samples of ten lie on it.
func (l *line) goOn(i int, p point, counted float64) {
	l.proven = l.proven || i-l.earlier[0] <= lineSamples
	l.earlier = [2]int{l.place, l.earlier[0]}
	l.place, l.point, l.counted = i, p, counted
}

// believed reports whether growth along the k-th line counts. A line that few samples
// continue, beside one that many do, is no replica but values that are wrong now and then,
// each by another amount. Nothing is lost by leaving it out: the other line comes back, and
// has grown by the same events; unless that began with a gap, of which only the older line knows.
func (c *counter) believed(k int) bool {
	l, others := c.lines[k], false
	if k == len(c.lines)-1 || l.proven {
		return true
	}
	for _, other := range c.lines {
		if other.proven && l.covers(other) {
			return true
		}
		others = others || other.proven
	}
	return !others
}

// resume goes on with a line that is not believed, as if it began.
func (c *counter) resume(i int, l line) growth {
	c.named++
	l.name, l.began, l.gap = c.named, c.points[i].t, c.points[i].t-c.since
	l.goOn(i, c.points[i], c.counted)
	c.lines = append(c.lines, l)
	return growth{line: l.name}
}
