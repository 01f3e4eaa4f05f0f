package detector

// A season says most of a signal on most days and misleads on some: on a holiday, or the day after an
// outage. The plain scan looks back to no season. By itself it finds less, but other things mislead
// it. So G of a scan with seasons is partly that of the plain scan over the same placebos: what
// surprises both counts for more than what surprises one.
//
// See adr/0143.

// plainShare is the share of the plain scan in G.
const plainShare = 0.3

// mixed is G, of which the plain scan has its share.
func (s *Scan) mixed(own, plain float64) float64 { return (1-s.Plain)*own + s.Plain*plain }

// beside is the plain scan that a scan is mixed with, the first of those after it; nil where it is
// mixed with none. It is not there if the scan was not read whole from a store.
func (s *Scan) beside(after []Scan) (plain *Scan, there bool) {
	switch {
	case s.Plain == 0:
		return nil, true
	case len(after) == 0 || !after[0].complete(0):
		return nil, false
	}
	return &after[0], true
}

// withoutSeasons are the same placebos as the plain scan sees them.
func (p placebos) withoutSeasons(w *workspace) placebos {
	if p.lookbacks == 0 {
		return p
	}
	w.plain = append(w.plain[:0], p.baselines...)
	for i := range w.plain {
		w.plain[i].back = nil
	}
	return placebos{at: p.at, baselines: w.plain}
}
