package detector

// counters are the counters of one signal, and what is known of all of them.
//
//   - Between two samples a counter grew by their difference. A drop is a restart where the
//     value can have come since the sample before; a small drop is a replica that lags.
//   - A series whose first sample comes after first, the oldest sample of the signal, is new:
//     a new pod or a new label value. It counts from 0 if it can have come to its value since
//     the signal's sample before. PromQL's increase() would lose that sample, and with it the
//     first errors of a service that never had any. A higher value was reached earlier, before
//     the series got its labels, and starts the count.
//   - A first sample at first itself has an unknown past and only starts the count.
//   - What grew over a gap falls on the tick where samples come back, because
//     nobody can say where it belongs.
//   - An increase far beyond the usual pace that does not last is impossible. Its tick is
//     missing.
//
// A tick in which no series could be compared is missing.
//
// See adr/0009 and adr/0057.
type counters struct {
	whole  []pointSeries // all series of the signal
	paired bool          // every series has another counter beside it
	own    bounds
	beside bounds
	first  int64
	old    map[int64]bool // times at which series appeared that had lived before
}

// pacePair are the usual paces of a signal's counters, and of those beside them.
type pacePair struct{ own, beside pace }

func pacesOf(whole []pointSeries) pacePair {
	return pacePair{paceOf(whole, ownPoints), paceOf(whole, besidePoints)}
}

// countersOf prepares the counters of a signal. Where its usual pace is not known, the series
// themselves say it. sums: what is beside the counters are sums, in a unit of their own.
func countersOf(whole []pointSeries, paired, sums bool, known pacePair) *counters {
	if known.own <= 0 {
		known = pacesOf(whole)
	}
	c := &counters{whole: whole, paired: paired, own: boundsOf(known.own), first: firstPoint(whole), old: map[int64]bool{}}
	c.beside = c.own
	if sums {
		c.beside = sumBounds(known.beside, known.own)
	}
	for _, s := range whole {
		if len(s.points) == 0 || s.points[0].t <= c.first {
			continue
		}
		if !c.young(s) {
			c.old[s.points[0].t] = true
		}
	}
	return c
}

// sampleBefore is the time of the signal's newest sample before t.
func (c *counters) sampleBefore(t int64) int64 {
	newest := c.first
	for _, s := range c.whole {
		if i := s.at(t); i > 0 {
			newest = max(newest, s.points[i-1].t)
		}
	}
	return newest
}

// startsAtZero reports whether a series counts from 0. Series that appear together with one
// that had lived before had lived before too.
func (c *counters) startsAtZero(s pointSeries) bool {
	return len(s.points) > 0 && s.points[0].t > c.first && !c.old[s.points[0].t] && c.young(s)
}

// young reports whether a series can have come to its first value since the signal's sample
// before. A value beyond the usual pace must go on at about that rate.
func (c *counters) young(s pointSeries) bool {
	p := s.points[0]
	during := p.t - c.sampleBefore(p.t)
	switch {
	case !c.own.starts(p.v, during):
		return false
	case c.own.usual(p.v, during):
		return true
	}
	return rateLasts(s.points, 0, p.v/float64(during))
}

// restartedAt reports whether another series of the signal restarted about then. A process
// that restarts takes all of its counters with it.
func (c *counters) restartedAt(t int64, but pointSeries) bool {
	own := LabelKey(but.labels)
	for _, s := range c.whole {
		i := s.at(t)
		for k := max(i-1, 1); k <= i+1 && k < len(s.points); k++ {
			last, p := s.points[k-1], s.points[k]
			if p.v < last.v/2 && c.own.starts(p.v, p.t-last.t) && LabelKey(s.labels) != own {
				return true
			}
		}
	}
	return false
}

// alone reads a counter that stands alone. A drop of one by less than half is no restart, if
// the signal has no other.
func (c *counters) alone(s pointSeries) counter {
	return counter{points: s.points, bounds: c.own, fromZero: c.startsAtZero(s), restarted: func(i int, v, last float64) bool {
		if len(c.whole) <= 1 {
			return v < last/2
		}
		return c.restartedAt(s.points[i].t, s)
	}}
}

// pair reads the two counters of a histogram. They restart together.
func (c *counters) pair(s pointSeries) *pairCounter {
	fromZero := c.startsAtZero(s)
	fell := func(points []point, b bounds) func(i int, _, _ float64) bool {
		return func(i int, _, _ float64) bool {
			last, p := points[i-1], points[i]
			return p.v < last.v && b.starts(p.v, p.t-last.t) || last.v == 0 && p.v == 0
		}
	}
	usual := rangeOf(s)
	return &pairCounter{
		notched: func(i int) bool { return usual.notched(s, i) },
		own:     counter{points: s.points, bounds: c.own, fromZero: fromZero, restarted: fell(s.beside, c.beside)},
		beside:  counter{points: s.beside, bounds: c.beside, fromZero: fromZero, restarted: fell(s.points, c.own)},
	}
}

// increased are what counters have grown by, a tick, and the ticks that hold an increase
// which cannot be true.
type increased struct {
	events, beside Values
	impossible     map[int]bool
}

// increases adds up, a tick of each grid, what counters have grown by.
func (c *counters) increases(of []pointSeries, grids ...Grid) []increased {
	sums := make([]increased, len(grids))
	for i, g := range grids {
		sums[i] = increased{events: g.missing(), beside: g.missing(), impossible: map[int]bool{}}
	}
	for _, s := range of {
		next := c.reader(s)
		for i, p := range s.points {
			grown := next(i)
			for k, g := range grids {
				if at := g.place(p.t); at >= 0 && at < g.N {
					sums[k].add(grown, at)
				}
			}
		}
	}
	return sums
}

func (n increased) add(grown pairGrowth, at int) {
	if grown.impossible {
		n.impossible[at] = true
	}
	if grown.known {
		n.events[at] = plus(n.events[at], grown.events)
		n.beside[at] = plus(n.beside[at], grown.beside)
	}
}

// reader reads the points of a series one by one.
func (c *counters) reader(s pointSeries) func(i int) pairGrowth {
	if c.paired {
		pair := c.pair(s)
		return pair.next
	}
	alone := c.alone(s)
	return func(i int) pairGrowth {
		g := alone.next(i)
		return pairGrowth{events: g.events, known: g.known, impossible: g.impossible}
	}
}
