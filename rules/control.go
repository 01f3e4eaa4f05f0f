package rules

import (
	"cmp"
	"slices"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/watch"
)

// writtenControl is a selector or query, or the longer form with a split.
type writtenControl struct {
	// A selector or query of the signal's own form.
	Series string `yaml:"series,omitempty"`
	// Of a ratio: a query of the control's bad events in a tick.
	Bad string `yaml:"bad,omitempty"`
	// Of a ratio: a query of all events of the control in a tick.
	Total string `yaml:"total,omitempty"`
	// The share of all events that belongs to the signal and not to its control: 50%.
	Split *amount `yaml:"split,omitempty"`
	Only  string  `yaml:"-"`
}

// Scalar is what a control written as one text fills.
func (w *writtenControl) Scalar() any { return &w.Only }

// MarshalYAML writes the form that was read.
func (w writtenControl) MarshalYAML() (any, error) {
	if w.Only != "" {
		return w.Only, nil
	}
	type whole writtenControl
	return whole(w), nil
}

// ControlExpr is what a signal is compared with at the same time: a series of the
// same form that the change does not affect.
type ControlExpr struct {
	Series               string  // counter or histogram selector, or query
	BadQuery, TotalQuery string  // of a ratio of two queries
	Split                float64 // the declared share of all events that belongs to the signal; 0: none
}

// control reads the control of an expression that was read before.
func (r *reader) control(at string, w *writtenControl, e Expr, rule Rule) *ControlExpr {
	if w == nil {
		return nil
	}
	c := &ControlExpr{Series: cmp.Or(w.Only, w.Series), BadQuery: w.Bad, TotalQuery: w.Total}
	at += ".control"
	place := at
	if w.Only == "" {
		place = at + ".series"
	}
	r.controlForm(at, place, c, e, rule)
	if w.Split != nil {
		c.Split = r.split(at+".split", *w.Split, e)
	}
	return c
}

// controlForm checks that the control has the form of the signal.
func (r *reader) controlForm(at, place string, c *ControlExpr, e Expr, rule Rule) {
	pair := c.BadQuery != "" || c.TotalQuery != ""
	switch {
	case e.BadQuery != "":
		if c.BadQuery == "" || c.TotalQuery == "" || c.Series != "" {
			r.at(at, codeSignalForm, "the control of a ratio of two queries is two queries", "write control: {bad: …, total: …}")
			return
		}
		r.checkQuery(at+".bad", c.BadQuery, rule)
		r.checkQuery(at+".total", c.TotalQuery, rule)
	case pair || c.Series == "":
		r.at(at, codeSignalForm, "the control must be one series of the signal's own form", `as in control: 'http_requests_total{$match,version!="$version"}'`)
	case e.Counter != "":
		r.checkSelector(place, c.Series, rule)
	case e.Histogram != "":
		r.checkHistogram(place, c.Series, rule)
	default:
		r.checkQuery(place, c.Series, rule)
	}
	if own := e.asControl(*c); own == e.withoutControl() {
		r.at(at, codeSignalForm, "a signal cannot be its own control", "name instances, a service or a version that the change does not touch")
	}
}

// split reads the share of events that the signal has. Only signals that count
// events have one.
func (r *reader) split(at string, a amount, e Expr) float64 {
	if e.Query != "" {
		r.at(at, codeSignalForm, "split is a share of events, and a query gives none", "use counter, histogram, or bad and total")
	}
	if a.unit != percent && a.unit != plain || a.value <= 0 || a.value >= 1 {
		r.at(at, codeAmountUnit, "split must be the signal's share of all events, signal and control together, between 0% and 100%", "write 50% if half of the traffic is in each")
		return 0
	}
	return a.value
}

// withoutControl is the expression without its control.
func (e Expr) withoutControl() Expr {
	e.Control = nil
	return e
}

// asControl is the control as an expression of its own.
func (e Expr) asControl(c ControlExpr) Expr {
	e.Control = nil
	switch {
	case e.BadQuery != "":
		e.BadQuery, e.TotalQuery = c.BadQuery, c.TotalQuery
	case e.Counter != "":
		e.Counter = c.Series
	case e.Histogram != "":
		e.Histogram = c.Series
	default:
		e.Query = c.Series
	}
	return e
}

// controlExpr is the control as an expression of its own, where there is one.
func (e Expr) controlExpr() (Expr, bool) {
	if e.Control == nil {
		return Expr{}, false
	}
	return e.asControl(*e.Control), true
}

// selectsVersion says whether an expression selects the version that a change
// brings: then its series are the new version's from their first sample on.
func (e Expr) selectsVersion() bool {
	return slices.ContainsFunc([]string{e.Counter, e.Histogram, e.Query, e.TotalQuery}, func(text string) bool {
		return slices.ContainsFunc(variablesOf(text), func(u variableUse) bool { return u.name == varVersion })
	})
}

// attachControls gives every input of a signal the queries of its control.
func attachControls(inputs, control []watch.Input) []watch.Input {
	for i := range inputs {
		inputs[i].Control = &watch.ControlQueries{Value: control[i].Value, Part: control[i].Part}
	}
	return inputs
}

// joinProbes asks for the signal's own series or, if these only begin with the
// change, for those of its control.
func joinProbes(own, control []Probe) []Probe {
	both := slices.Clone(own)
	for i := range both {
		both[i].Expr = "(" + own[i].Expr + ") or (" + control[i].Expr + ")"
	}
	return both
}

var _ strictyaml.Shorthand = (*writtenControl)(nil)
