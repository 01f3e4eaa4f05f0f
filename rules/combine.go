package rules

import (
	"fmt"
	"slices"

	"github.com/pushback/pushback/detector"
)

// A query may give several series, such as one a pod. What they come to together depends on
// what they measure, and only whoever writes the rule knows it: the requests of pods add up,
// their latencies do not.
//
// See adr/0064.

// combinations are what `combine` takes.
var combinations = []string{string(detector.Sum), string(detector.Mean), string(detector.Max), string(detector.Min)}

// combine reads how the series of a signal's queries become one number.
func (r *reader) combine(at, word string, anyOf []Expr) detector.Combine {
	if word == "" {
		return ""
	}
	c := detector.Combine(word)
	if err := checkCombine(c, anyOf); err != nil {
		r.at(at+".combine", err.code, err.message, err.hint)
	}
	return c
}

func checkCombine(c detector.Combine, anyOf []Expr) *problem {
	isQuery := func(e Expr) bool { return e.Query != "" || e.BadQuery != "" }
	switch {
	case !slices.Contains(combinations, string(c)):
		return &problem{codeUnknownWord, fmt.Sprintf("unknown way to combine series %q", c), nearest(string(c), combinations)}
	case len(anyOf) > 0 && !slices.ContainsFunc(anyOf, isQuery):
		return &problem{codeSignalForm, "combine belongs to a query", "the series of counters and histograms are added up"}
	case c != detector.Sum && slices.ContainsFunc(anyOf, func(e Expr) bool { return e.BadQuery != "" }):
		return &problem{
			codeSignalForm, "bad and total count events, which can only be added up",
			"write combine: sum; for the worst of several shares write one query with kind: ratio",
		}
	}
	return nil
}

// combineOf is how the series of a query are read: as the rule says, or as one that should be
// alone.
func (s Signal) combineOf() detector.Combine {
	if s.Combine == "" && s.Worse == detector.Lower {
		return detector.OneLowest
	}
	return s.Combine
}

// place is where a signal is written, "" if that is not known.
func (r Rule) place(s Signal) string {
	switch {
	case r.File == "":
		return ""
	case s.Line == 0:
		return fmt.Sprintf("%s:%d", r.File, r.Line)
	}
	return fmt.Sprintf("%s:%d", r.File, s.Line)
}
