package rules

import (
	"fmt"

	"github.com/pushback/pushback/detector"
)

// The smallest effects that matter unless the rule writes others: half a
// percentage point of events, a tenth of a level, one more request in a hundred
// slow.
var (
	defaultFraction = detector.MinEffect{Absolute: 0.005}
	defaultLevel    = detector.MinEffect{Relative: 0.1}
	defaultSlow     = detector.MinEffect{Absolute: 0.01}
)

// minEffect reads the smallest effect that matters, by what the signal
// measures.
func (r *reader) minEffect(at string, w *writtenMinEffect, e Expr) MinEffect {
	m := MinEffect{Main: defaultLevel, Slow: defaultSlow}
	if amountFamily(e) == fraction {
		m.Main = defaultFraction
	}
	if w == nil {
		return m
	}
	at += ".min_effect"
	if amountFamily(e) != "histogram" {
		if w.Only == nil {
			r.at(at, codeAmountUnit, "mean and slow belong to a histogram", "write one amount, such as 10%")
			return m
		}
		m.Main = r.effect(at, *w.Only, amountFamily(e))
		return m
	}
	if w.Only != nil {
		if w.Only.unit == points {
			m.Slow = r.effect(at, *w.Only, fraction)
		} else {
			m.Main = r.effect(at, *w.Only, "mean")
		}
	}
	if w.Mean != nil {
		m.Main = r.effect(at+".mean", *w.Mean, "mean")
	}
	if w.Slow != nil {
		m.Slow = r.effect(at+".slow", *w.Slow, fraction)
	}
	return m
}

// effect gives one amount as the detector takes it. of is what it is measured
// in: fraction, mean (a time), or gauge.
func (r *reader) effect(at string, a amount, of string) detector.MinEffect {
	e, err := a.effect(of)
	if err != nil {
		r.at(at, err.code, err.message, err.hint)
	}
	r.warnOfLargeEffect(at, a, of)
	return e
}

// problem is a mistake without its place in the file.
type problem struct{ code, message, hint string }

func (a amount) effect(of string) (detector.MinEffect, *problem) {
	switch {
	case a.value == 0:
		return detector.MinEffect{}, &problem{codeWidening, "with a smallest effect of zero, every random variation would matter", "leave the key out for the default"}
	case a.unit == percent:
		return detector.MinEffect{Relative: a.value}, nil
	case a.unit == points && of != fraction:
		return detector.MinEffect{}, &problem{codeAmountUnit, "points measure a fraction of events", "write a percentage of what is forecast, or a plain amount"}
	case a.unit == span && of == fraction:
		return detector.MinEffect{}, &problem{codeAmountUnit, "a time cannot measure a fraction of events", "write points, as in 0.5 points"}
	case of == fraction && a.value > 1:
		return detector.MinEffect{}, &problem{codeAmountUnit, "a fraction of events is at most 1", "for percentage points write 0.5 points"}
	}
	return detector.MinEffect{Absolute: a.value}, nil
}

// limit reads the value that is wrong even if it was the same before the change.
func (r *reader) limit(at string, a *amount, e Expr) *Limit {
	if a == nil {
		return nil
	}
	l, err := a.limit(amountFamily(e))
	if err != nil {
		r.at(at, err.code, err.message, err.hint)
	}
	return l
}

func (a amount) limit(of string) (*Limit, *problem) {
	l := &Limit{Value: a.value, Fraction: a.unit == percent || a.unit == points || of == fraction}
	switch {
	case of == "histogram" && a.unit == plain:
		return l, &problem{codeAmountUnit, "a plain number may mean the mean or the slow fraction", "write 300ms for the mean, or 5% for the slow fraction"}
	case of == fraction && a.unit == span:
		return l, &problem{codeAmountUnit, "a time cannot bound a fraction of events", "write a percentage, as in 5%"}
	case l.Fraction && of != gauge && (a.value <= 0 || a.value >= 1):
		return l, &problem{codeOutOfRange, fmt.Sprintf("a limit on a fraction lies between 0 and 100%%, not at %q", a.text), "write a percentage of all events, as in 5%"}
	}
	return l, nil
}
