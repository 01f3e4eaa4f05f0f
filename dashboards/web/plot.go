package web

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/pushback/pushback/detector"
)

// Plots are the numbers of all plots of a page, as assets/plot.js reads them.
type Plots struct {
	Marks   Marks         `json:"marks"`
	Watches []*WatchPlots `json:"watches"` // in the order of the page; null: as before
}

// WatchPlots are the plots of one watch. Ticks are told by their number: those of the before
// window end at Started, and those after the change begin at From.
type WatchPlots struct {
	Tick    float64 `json:"tick"` // seconds
	Started float64 `json:"started"`
	From    float64 `json:"from"`
	Keep    *int    `json:"keep,omitempty"` // how many ticks after the change the page has already, and the before window; nil: none
	Signals []Plot  `json:"signals"`
}

// Plot is one signal's plot.
type Plot struct {
	Signal   string   `json:"signal"`
	Unit     string   `json:"unit"`
	Limit    *float64 `json:"limit,omitempty"`
	Forecast Value    `json:"forecast"`
	Low      Value    `json:"low"` // the 95 % interval of the level after the change; both as the forecast: there is none
	High     Value    `json:"high"`
	Least    Value    `json:"least"` // between which the level would be in 95 of 100 quiet times; both as the forecast: not known
	Most     Value    `json:"most"`
	Before   Line     `json:"before,omitempty"`
	After    Line     `json:"after"`
}

// Value is one number of a plot, NaN for none.
type Value float64

// Line is the values of consecutive ticks.
type Line []float64

// plotDigits are the significant digits of a value in a plot: a plot is 200 pixels high, and
// what is said of a value under the cursor has three digits. The API has all of them.
const plotDigits = 5

// MarshalJSON writes null for no number.
func (v Value) MarshalJSON() ([]byte, error) { return appendValue(nil, float64(v)), nil }

// MarshalJSON writes a list of numbers.
func (l Line) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 8*len(l)+2), '[')
	for i, v := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(b, v)
	}
	return append(b, ']'), nil
}

func appendValue(b []byte, v float64) []byte {
	if !isFinite(v) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, v, 'g', plotDigits, 64)
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Drawable says whether a signal has a value to draw.
func (p Plot) Drawable() bool { return slices.ContainsFunc(p.Before, isFinite) || p.hasAfter() }

func (p Plot) hasAfter() bool { return slices.ContainsFunc(p.After, isFinite) }

// plotOf returns the plot of one signal. What comes after includes the running tick.
func plotOf(e detector.Evidence, plan detector.Plan, o detector.Observation) Plot {
	p := Plot{Signal: e.Signal, Unit: e.Unit, Limit: limitOf(e.Signal, plan), Forecast: Value(e.Effect.Forecast)}
	p.Low, p.High = Value(e.Effect.Forecast+e.Effect.Low), Value(e.Effect.Forecast+e.Effect.High)
	p.Least, p.Most = quietBand(e.Effect)
	for _, r := range o.Readings {
		if r.Signal == e.Signal {
			p.Before = Line(r.Before.Value)
			p.After = append(append(make(Line, 0, len(r.After.Value)+len(r.Running.Value)), r.After.Value...), r.Running.Value...)
			break
		}
	}
	return p
}

// quietBand is where the level would be without the change. It is the interval of the difference, seen from the
// forecast: the level is outside of the band exactly where that interval is all above or all below zero.
func quietBand(e detector.Effect) (least, most Value) {
	if e.Low == 0 && e.High == 0 {
		return Value(e.Forecast), Value(e.Forecast)
	}
	low := e.Forecast - (e.High - e.Difference)
	if e.Forecast >= 0 && e.After >= 0 {
		low = max(low, 0) // of a signal that is never negative
	}
	return Value(low), Value(e.Forecast + (e.Difference - e.Low))
}

func limitOf(signal string, plan detector.Plan) *float64 {
	for _, s := range plan.Signals {
		if s.Name == signal {
			return s.Limit
		}
	}
	return nil
}

// PlotsOf returns the plots of one look of a watch.
func PlotsOf(signals []Signal, plan detector.Plan, o detector.Observation) *WatchPlots {
	w := &WatchPlots{Tick: plan.Tick.Seconds(), Started: Seconds(beforeEnds(o)), From: Seconds(o.From), Signals: make([]Plot, len(signals))}
	for i, s := range signals {
		w.Signals[i] = s.Plot
	}
	return w
}

// beforeEnds is when the before window ends: at the change, or earlier where what came right before it may be bad.
func beforeEnds(o detector.Observation) time.Time {
	if o.BaseAt.IsZero() {
		return o.StartedAt
	}
	return o.BaseAt
}

// plots are those of a page; a watch without a look has none.
func (c Change) plots() *Plots {
	p := &Plots{Marks: c.Marks, Watches: make([]*WatchPlots, len(c.Watches))}
	for i, w := range c.Watches {
		if p.Watches[i] = w.Plots; w.Plots == nil {
			p.Watches[i] = &WatchPlots{Signals: []Plot{}}
		}
	}
	return p
}

// Seconds is t in Unix seconds, as plots take it.
func Seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
