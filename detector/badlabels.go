package detector

import "github.com/pushback/pushback/sources"

// badLabels are the labels by which bad events are known, each with the values that the
// series had before the change. They are found by their values: of the series before, those
// of bad events and the others have none in common.
type badLabels map[string]map[string]bool

// badLabelsOf finds the labels of a signal's counters; none where no series, or every one,
// counted bad events.
func badLabelsOf(past Raw) badLabels {
	if past.Form != FormCounts || len(past.Part) == 0 {
		return nil
	}
	bad := keysOf(past.Part)
	var others []sources.Series
	for _, s := range past.Value {
		if !bad[LabelKey(s.Labels)] {
			others = append(others, s)
		}
	}
	found := badLabels{}
	for name := range past.Part[0].Labels {
		of, rest := valuesOf(name, past.Part), valuesOf(name, others)
		if len(rest) > 0 && disjoint(of, rest) {
			for value := range rest {
				of[value] = true
			}
			found[name] = of
		}
	}
	return found
}

func valuesOf(name string, ss []sources.Series) map[string]bool {
	values := map[string]bool{}
	for _, s := range ss {
		values[s.Labels[name]] = true
	}
	return values
}

func disjoint(a, b map[string]bool) bool {
	for v := range a {
		if b[v] {
			return false
		}
	}
	return true
}

// renamed reports whether none of the series that count in a tick has a known value of a
// label by which bad events were known. Such a release calls them something else, so that
// none are seen however many there are.
func (l badLabels) renamed(v vanished, series []pointSeries, w sources.Window) bool {
	if v.lives || v.fresh <= 0 {
		return false
	}
	for name, known := range l {
		if !anyKnown(name, known, series, w) {
			return true
		}
	}
	return false
}

func anyKnown(name string, known map[string]bool, series []pointSeries, w sources.Window) bool {
	for _, s := range series {
		i := s.at(w.From.UnixMilli() + 1)
		if i < len(s.points) && s.points[i].t <= w.To.UnixMilli() && known[s.labels[name]] {
			return true
		}
	}
	return false
}
