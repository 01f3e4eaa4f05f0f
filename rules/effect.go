package rules

import (
	"fmt"

	"github.com/pushback/pushback/detector"
)

// What matters where a rule says nothing: half a percentage point of events,
// a tenth of a level, one more request in a hundred slow.
var (
	defaultFraction = detector.MinEffect{Absolute: 0.005}
	defaultLevel    = detector.MinEffect{Relative: 0.1}
	defaultSlow     = detector.MinEffect{Absolute: 0.01}
)

// minEffect reads the smallest effect that matters, by what the signal
// measures.
func (r *reader) minEffect(at string, w *writtenMinEffect, e Expr) MinEffect {
	m := MinEffect{Main: defaultLevel, Slow: defaultSlow}
	if family(e) == fraction {
		m.Main = defaultFraction
	}
	if w == nil {
		return m
	}
	at += ".min_effect"
	if family(e) != "histogram" {
		if w.Only == nil {
			r.at(at, codeAmountUnit, "mean and slow belong to a histogram", "write one amount, such as 10%")
			return m
		}
		m.Main = r.effect(at, *w.Only, family(e))
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
	return e
}

// complaint is a mistake that has no place yet.
type complaint struct{ code, message, hint string }

func (a amount) effect(of string) (detector.MinEffect, *complaint) {
	switch {
	case a.value == 0:
		return detector.MinEffect{}, &complaint{codeWidening, "a smallest effect of zero would make every tremble matter", "leave the key out for the default"}
	case a.unit == percent:
		return detector.MinEffect{Relative: a.value}, nil
	case a.unit == points && of != fraction:
		return detector.MinEffect{}, &complaint{codeAmountUnit, "points measure a fraction of events", "write a percentage of what is forecast, or a plain amount"}
	case a.unit == span && of == fraction:
		return detector.MinEffect{}, &complaint{codeAmountUnit, "a time cannot measure a fraction of events", "write points, as in 0.5 points"}
	case of == fraction && a.value > 1:
		return detector.MinEffect{}, &complaint{codeAmountUnit, "a fraction of events is at most 1", "for percentage points write 0.5 points"}
	}
	return detector.MinEffect{Absolute: a.value}, nil
}

// limit reads what is wrong whatever it was before.
func (r *reader) limit(at string, a *amount, e Expr) *Limit {
	if a == nil {
		return nil
	}
	l, err := a.limit(family(e))
	if err != nil {
		r.at(at, err.code, err.message, err.hint)
	}
	return l
}

func (a amount) limit(of string) (*Limit, *complaint) {
	l := &Limit{Value: a.value, Fraction: a.unit == percent || a.unit == points || of == fraction}
	switch {
	case of == "histogram" && a.unit == plain:
		return l, &complaint{codeAmountUnit, "a plain number may mean the mean or the slow fraction", "write 300ms for the mean, or 5% for the slow fraction"}
	case of == fraction && a.unit == span:
		return l, &complaint{codeAmountUnit, "a time cannot bound a fraction of events", "write a percentage, as in 5%"}
	case l.Fraction && of != gauge && (a.value <= 0 || a.value >= 1):
		return l, &complaint{codeOutOfRange, fmt.Sprintf("a limit on a fraction lies between 0 and 100%%, not at %s", a.text), ""}
	}
	return l, nil
}
