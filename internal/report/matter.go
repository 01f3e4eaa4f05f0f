package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pushback/pushback/detector"
)

// Matter are the signals of a verdict that are worth a plot, the most important first: those that got worse, by their
// grade, and among equals by when that began. Of a signal that was judged by its parts the worst part is one. Where
// nothing got worse, they are all signals that were compared.
func Matter(v detector.Verdict) []detector.Evidence {
	var worse, others []detector.Evidence
	worst := worstParts(v)
	for i, e := range v.Signals {
		switch {
		case e.Grade > detector.None && (e.Part == "" || worst[e.Part] == i):
			worse = append(worse, e)
		case e.Part == "":
			others = append(others, e)
		}
	}
	if len(worse) == 0 {
		return others
	}
	slices.SortStableFunc(worse, func(a, b detector.Evidence) int {
		return cmp.Or(cmp.Compare(b.Grade, a.Grade), byOnset(a, b), cmp.Compare(a.P, b.P))
	})
	return worse
}

// byOnset puts what began first in front, and what began nobody knows when behind.
func byOnset(a, b detector.Evidence) int {
	switch {
	case a.Onset.IsZero() || b.Onset.IsZero():
		return b.Onset.Compare(a.Onset)
	default:
		return a.Onset.Compare(b.Onset)
	}
}

// SignalNames are the names of a verdict's signals in one line, bounded.
func SignalNames(v detector.Verdict) string {
	const most = 20
	var names []string
	for _, e := range v.Signals {
		if len(names) == most {
			names = append(names, "…")
			break
		}
		names = append(names, printable(e.Signal))
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Value is a measured number with its unit, as every line has it.
func Value(v float64, unit string) string { return printable(value(v, unit)) }

// Printable is text in one line that cannot control a terminal.
func Printable(text string) string { return printable(text) }
