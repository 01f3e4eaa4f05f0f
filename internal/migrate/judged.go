package migrate

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// judged is what Argo's two conditions say together. A measurement fails where the failure
// condition holds; it succeeds where the success condition holds; if both are written and neither
// holds, it is inconclusive. If only one is written, the other is its opposite.
type judged struct {
	kept    stretch // what does not fail
	passed  stretch // what succeeds; what is kept and does not pass is inconclusive
	every   bool    // of several series the worst decides
	lenient bool    // of several series one good one is enough
	missing string  // what missing data means there, if it is not what it means here
}

// judgeBy reads the conditions on a query.
func judgeBy(query, success, failure string) (judged, *unknown) {
	if success == "" && failure == "" {
		return judged{}, &unknown{"it has no condition: Argo shows the number and fails nothing", "to judge it by its own history, write {name: …, query: …} without a limit"}
	}
	scalar := givesScalar(query)
	var pair [2]*condition
	var cuts []float64
	for i, text := range []string{success, failure} {
		if text == "" {
			continue
		}
		c, err := parseCondition(text, scalar)
		if err != nil {
			return judged{}, notALimit(text, err)
		}
		pair[i] = c
		cuts = append(cuts, c.cuts...)
	}
	slices.Sort(cuts)
	return judgement{pair[0], pair[1], slices.Compact(cuts)}.read(success + failure)
}

func notALimit(text string, err error) *unknown {
	return &unknown{"its condition " + shortened(printable(text)) + " is not a limit: " + err.Error(), "write the query so that one comparison says what is bad"}
}

// givesScalar reports whether a query gives a number without labels.
func givesScalar(query string) bool {
	tree, err := parse(oneLine(query))
	return err == nil && tree.Type() == parser.ValueTypeScalar
}

// judgement is a success and a failure condition, of which one may be missing.
type judgement struct {
	success, failure *condition
	cuts             []float64
}

func (j judgement) read(text string) (judged, *unknown) {
	kept, err := stretchOf(j.cuts, func(v float64) (bool, error) { failed, err := j.fails(eval(v)); return !failed, err })
	if err != nil {
		return judged{}, notALimit(text, err)
	}
	passed, err := stretchOf(j.cuts, func(v float64) (bool, error) { return j.passes(eval(v)) })
	if err != nil {
		return judged{}, notALimit(text, err)
	}
	if len(kept.ends())+len(passed.ends()) == 0 {
		return judged{}, &unknown{"its condition says the same of every number", ""}
	}
	return judged{kept: kept, passed: passed, every: j.every(), lenient: j.lenient(), missing: j.missing()}, nil
}

// every reports whether the worst of several series decides, as it does in a rule.
func (j judgement) every() bool {
	return (j.success == nil || j.success.every && !j.success.lenient) && (j.failure == nil || j.failure.every && !j.failure.strict)
}

// lenient reports whether one good series of several is enough.
func (j judgement) lenient() bool {
	return j.success != nil && j.success.lenient || j.failure != nil && j.failure.strict
}

// eval asks a condition about a number.
func eval(v float64) func(*condition) (bool, error) {
	return func(c *condition) (bool, error) { return c.at(v) }
}

// fails is Argo's rule for a failed measurement.
func (j judgement) fails(ask func(*condition) (bool, error)) (bool, error) {
	if j.failure != nil {
		return ask(j.failure)
	}
	held, err := ask(j.success)
	return !held, err
}

// passes is Argo's rule for a successful measurement.
func (j judgement) passes(ask func(*condition) (bool, error)) (bool, error) {
	failed, err := j.fails(ask)
	if err != nil || failed || j.success == nil {
		return !failed, err
	}
	return ask(j.success)
}

// missing says what a query without data means to Argo, if a condition says that it fails a
// release. Here it makes a watch blind, which fails nothing.
func (j judgement) missing() string {
	if (j.success == nil || !j.success.missing) && (j.failure == nil || !j.failure.missing) {
		return ""
	}
	var what []string
	if empty, err := j.fails(func(c *condition) (bool, error) { return c.whenEmpty() }); err == nil && empty {
		what = append(what, "no series")
	}
	if nan, err := j.fails(eval(math.NaN())); err == nil && nan {
		what = append(what, "no number (NaN)")
	}
	if len(what) == 0 {
		return ""
	}
	return "a query that gives " + strings.Join(what, " or ") + " fails there; here the watch is blind, which is neither good nor bad"
}
