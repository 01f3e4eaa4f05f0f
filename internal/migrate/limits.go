package migrate

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// question is a metric of a tool: what it asks, and where the answers to that are listed.
type question struct {
	name  string
	at    field // the metric
	query field // its query
	text  string
	every bool // the tool judges every series, and not the first

	several string // what the tool does with several series; "" takes one of them
}

// signals returns the signals that refuse what lies outside a stretch: one for each end.
func (q question) signals(s stretch) []signal {
	text := oneLine(q.text)
	var all []signal
	for _, e := range s.ends() {
		one := q.limited(text, e)
		if len(all) > 0 {
			one.name += "-low"
		}
		all = append(all, one)
	}
	return all
}

// limited is a signal with one limit. A share or a percentage is written as a ratio.
func (q question) limited(text string, e end) signal {
	s := signal{name: nameFrom(q.name, "metric")}
	tree, err := parse(text)
	if err != nil {
		s.unsupported, s.instead = "its query is not PromQL", "write a query that the metric store accepts"
		return s
	}
	if sameSides(tree) {
		s.unsupported = "it divides an expression by itself once its variables have values, which is always 1"
		s.instead = "give the two sides different values; a rule compares old and new by control"
		return s
	}
	if share, by, ok := shareOf(text, tree, e.number); ok {
		s.keys = []key{{"kind", "ratio"}, {"query", quoted(share)}}
		e.number = shifted(e.number, by)
		s.noteScale(by)
	} else {
		s.keys = []key{{"query", quoted(text)}}
		s.noteMean(tree)
	}
	if e.lower {
		s.keys = append(s.keys, key{"worse", "lower"})
	}
	if e.open {
		s.notes = append(s.notes, fmt.Sprintf("%s itself is bad, so that the limit is the number beside it", number(e.number)))
	}
	s.keys = append(s.keys, key{"limit", number(e.limit())})
	if e.limit() < 0 {
		s.unsupported = "a limit cannot be negative, and this one is " + number(e.number)
		s.instead = "judge the query plus a number that makes all its values positive"
	}
	return s
}

// shifted divides a number by 1 or 100 as people do, by moving the point: 99.9 becomes 0.999, where
// a division gives 0.9990000000000001.
func shifted(v, by float64) float64 {
	if by != 100 {
		return v / by
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	power, _ := strconv.Atoi(exponent)
	moved, err := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(power-2), 64)
	if err != nil { // too small for a number
		return v / by
	}
	return moved
}

func (s *signal) noteScale(by float64) {
	if by != 1 {
		s.notes = append(s.notes, fmt.Sprintf("written as a share: percentages are divided by %s", number(by)))
	}
}

// noteMean says what a sum divided by its count is.
func (s *signal) noteMean(tree parser.Expr) {
	q, ok := quotientOf(tree)
	if !ok {
		return
	}
	name, ok := q.isMean()
	if !ok {
		return
	}
	if s.notes = append(s.notes, "the mean of "+name+", in its own unit"); q.scale != 1 {
		s.notes[len(s.notes)-1] += " times " + number(q.scale)
	}
}

// shareOf returns the query of a share or a percentage as a query of the share, and by what its
// numbers are to be divided.
func shareOf(text string, tree parser.Expr, limit float64) (query string, by float64, ok bool) {
	q, ok := quotientOf(tree)
	by = math.Abs(q.scale)
	if !ok || by != 1 && by != 100 || limit/by <= 0 || limit/by >= 1 || !q.isShare(limit/by) {
		return "", 0, false
	}
	parts := textOf(text, q.numerator) + " / " + textOf(text, q.denominator)
	switch {
	case q.scale > 0 && q.offset == 0 && by == 1:
		return text, by, true
	case q.scale > 0 && q.offset == 0:
		return parts, by, true
	case q.scale < 0 && q.offset == by:
		return "1 - " + parts, by, true
	}
	return "", 0, false
}

// sameSides reports whether a query divides an expression by itself, as it does if two arguments
// such as the hashes of old and new pods were given one value.
func sameSides(tree parser.Expr) bool {
	q, ok := quotientOf(tree)
	return ok && q.numerator.String() == q.denominator.String()
}
