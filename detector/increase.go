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
	paired bool          // every point has the one of another counter beside it
	pace   pace
	first  int64
	old    map[int64]bool // times at which series appeared that had lived before
}

// countersOf prepares the counters of a signal, whose usual pace is at least known where the
// signal does not show one itself.
func countersOf(whole []pointSeries, paired bool, known pace) *counters {
	c := &counters{whole: whole, paired: paired, pace: known, first: firstPoint(whole), old: map[int64]bool{}}
	if c.pace <= 0 {
		c.pace = paceOf(whole)
	}
	for _, s := range whole {
		if len(s.points) == 0 || s.points[0].t <= c.first {
			continue
		}
		if p := s.points[0]; !c.pace.allows(p.v, p.t-c.sampleBefore(p.t), startPace) {
			c.old[p.t] = true
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

// startsAtZero reports whether a series that begins with this point counts from 0. Series
// that appear together with one that had lived before had lived before too.
func (c *counters) startsAtZero(s pointSeries, p point, i int) bool {
	return i == 0 && p.t > c.first && !c.old[p.t] && c.pace.allows(p.v, p.t-c.sampleBefore(p.t), startPace)
}

// restartedAt reports whether another series of the signal restarted about then. A process
// that restarts takes all of its counters with it.
func (c *counters) restartedAt(t int64, but pointSeries) bool {
	own := labelKey(but.labels)
	for _, s := range c.whole {
		i := s.at(t)
		for k := max(i-1, 1); k <= i+1 && k < len(s.points); k++ {
			last, p := s.points[k-1], s.points[k]
			if p.v < last.v/2 && c.pace.allows(p.v, p.t-last.t, startPace) && labelKey(s.labels) != own {
				return true
			}
		}
	}
	return false
}

// increased are what counters have grown by, a tick, and the ticks that hold an increase
// which cannot be true.
type increased struct {
	events, beside Values
	impossible     map[int]bool
}

// increases adds up, a tick, what counters have grown by.
func (c *counters) increases(of []pointSeries, g Grid) increased {
	sum := increased{events: g.missing(), beside: g.missing(), impossible: map[int]bool{}}
	for _, s := range of {
		reader := counter{signal: c, of: s}
		for i, p := range s.points {
			grown, at := reader.next(i), g.place(p.t)
			if at < 0 || at >= g.N {
				continue
			}
			if grown.impossible {
				sum.impossible[at] = true
			}
			if grown.known {
				sum.events[at] = plus(sum.events[at], grown.events)
				sum.beside[at] = plus(sum.beside[at], grown.beside)
			}
		}
	}
	return sum
}
