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
	if grows(plainSeries(present.Value)) > grows(whole) {
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

// grows is how many of the series have more than one value.
func grows(all []pointSeries) int {
	n := 0
	for _, s := range all {
		if len(s.points) > 1 && s.points[0].v != s.points[len(s.points)-1].v {
			n++
		}
	}
	return n
}
