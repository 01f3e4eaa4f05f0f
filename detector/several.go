package detector

import "fmt"

// severalSeries is how many series the signal's query gave at one tick, where it should have
// given one. The sum of three pods' latencies is no latency, and changes with their number.
//
// See adr/0064.
func (t *trial) severalSeries() int {
	return max(t.reading.Before.Series, t.reading.After.Series, t.reading.Running.Series)
}

// rejectSeveral leaves the signal to the rule's limit, and says what to write.
func (t *trial) rejectSeveral() {
	t.e.Reason = SeveralSeries
	judged := "Until then it is not judged."
	if t.signal.Limit != nil {
		judged = "Until then only its limit is judged, by the worst single series."
	}
	where := ""
	if t.signal.Place != "" {
		where = " at " + t.signal.Place
	}
	t.note(fmt.Sprintf("The query gives %d series. Say combine: sum, mean, max or min%s, or aggregate in the query. %s", t.severalSeries(), where, judged))
}
