package detector

// EdgeDoubtful reports whether a slow fraction's bucket may have gone from some of the series:
// a count without the bucket, or a bucket that stands still while the count grows. Prometheus
// repeats the last sample of a bucket that ended for five minutes, so that all requests look
// slow. They may also be slow; the store's edges tell which.
func EdgeDoubtful(present Raw) bool {
	if present.Form != FormSlow {
		return false
	}
	whole, _ := present.counters()
	if present.edgeMissing(whole) {
		return true
	}
	for _, s := range whole {
		for i := 1; i < len(s.points); i++ {
			if s.points[i].v > s.points[i-1].v && s.beside[i].v == s.beside[i-1].v {
				return true
			}
		}
	}
	return false
}

// EdgeMissing reports whether some of the series count events after their bucket has ended, or
// without one.
func EdgeMissing(present Raw) bool {
	whole, _ := present.counters()
	return present.edgeMissing(whole)
}

func (r Raw) edgeMissing(whole []pointSeries) bool {
	paired := make(map[string]int64, len(whole))
	for _, s := range whole {
		if n := len(s.points); n > 0 {
			paired[LabelKey(s.labels)] = s.points[n-1].t
		}
	}
	for _, s := range plainSeries(r.Value) {
		if growsAfter(s.points, paired[LabelKey(s.labels)]) {
			return true
		}
	}
	return false
}

// growsAfter reports whether a counter grows after a time, with a sample in between.
func growsAfter(points []point, t int64) bool {
	first := -1
	for i, p := range points {
		switch {
		case p.t <= t:
		case first < 0:
			first = i
		case p.v > points[first].v:
			return true
		}
	}
	return false
}
