package report

import (
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
)

// The headings of every table of signals, in words that say what the numbers are. Pages write them with a capital.
const (
	ColumnSignal = "signal"
	ColumnBefore = "before (expected)"
	ColumnAfter  = "after"
	ColumnChange = "change"
	ColumnSure   = "how sure"
)

// Columns are the headings of a whole table, in order.
func Columns() []string {
	return []string{ColumnSignal, ColumnBefore, ColumnAfter, ColumnChange, ColumnSure}
}

// Rows are the cells below Columns, a row for each signal that Moved has a line for. What could not be compared has no
// numbers, and why instead of how sure. watched is the length of the watch.
func Rows(v detector.Verdict, watched time.Duration) (rows [][]string) {
	for _, e := range shown(v) {
		rows = append(rows, cells(e, Chance(e, v, watched)))
	}
	return rows
}

// shown are the signals that were judged, and of those that were judged by their parts the worst part.
func shown(v detector.Verdict) (some []detector.Evidence) {
	worst := worstParts(v)
	for i, e := range v.Signals {
		if e.Part == "" || worst[e.Part] == i && e.Grade > detector.None {
			some = append(some, e)
		}
	}
	return some
}

func cells(e detector.Evidence, chance string) []string {
	before, after, change := Numbers(e)
	sure := strings.Join(support(e, chance), ", ")
	switch what := lost(e); {
	case what != "":
		change, sure = printable(what), sure+". "+sentence(e.Reason)
	case before == "":
		sure = sentence(e.Reason)
	default:
		change = printable(strings.Join(append([]string{change}, interval(e)...), ", "))
	}
	return []string{printable(e.Signal), before, after, change, printable(sure)}
}
