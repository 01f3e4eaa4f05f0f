package web

import (
	"math"
	"time"

	"github.com/pushback/pushback/detector"
)

// Plot is the numbers of one signal's plot, as assets/plot.js reads them.
// Every list is as long as Time; nil is a gap.
type Plot struct {
	Signal   string     `json:"signal"`
	Unit     string     `json:"unit"`
	Limit    *float64   `json:"limit,omitempty"`
	Time     []float64  `json:"time"` // Unix seconds, ascending: the middle of each tick
	Before   []*float64 `json:"before"`
	After    []*float64 `json:"after"`
	Forecast []*float64 `json:"forecast"`
	Low      []*float64 `json:"low"` // the 95 % interval of the level after the change
	High     []*float64 `json:"high"`
}

func (p Plot) hasAfter() bool {
	for _, v := range p.After {
		if v != nil {
			return true
		}
	}
	return false
}

// plotOf puts one signal's ticks on a time line: before ends at StartedAt, after begins at
// From and includes the running tick, and the gap between them stays a gap.
func plotOf(e detector.Evidence, plan detector.Plan, o detector.Observation) Plot {
	p := Plot{Signal: e.Signal, Unit: e.Unit, Limit: limitOf(e.Signal, plan)}
	for _, r := range o.Readings {
		if r.Signal != e.Signal {
			continue
		}
		ahead := time.Duration(len(r.Before.Value)) * plan.Tick
		p.appendTicks(r.Before.Value, o.StartedAt.Add(-ahead), plan.Tick, &p.Before)
		p.appendTicks(r.After.Value, o.From, plan.Tick, &p.After)
		p.appendTicks(r.Running.Value, o.From.Add(time.Duration(len(r.After.Value))*plan.Tick), plan.Tick, &p.After)
	}
	p.forecast(e.Effect, Seconds(o.From))
	return p
}

func limitOf(signal string, plan detector.Plan) *float64 {
	for _, s := range plan.Signals {
		if s.Name == signal {
			return s.Limit
		}
	}
	return nil
}

// appendTicks appends one stretch of ticks to its line, and gaps to the others.
func (p *Plot) appendTicks(values detector.Values, from time.Time, tick time.Duration, line *[]*float64) {
	for i, v := range values {
		p.Time = append(p.Time, Seconds(from.Add(time.Duration(i)*tick+tick/2)))
		p.Before, p.After = append(p.Before, nil), append(p.After, nil)
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			(*line)[len(*line)-1] = &v
		}
	}
}

// forecast draws the forecast beside the values, and the interval of the level after the
// change, from the first after-tick on.
func (p *Plot) forecast(e detector.Effect, from float64) {
	n := len(p.Time)
	p.Forecast, p.Low, p.High = make([]*float64, n), make([]*float64, n), make([]*float64, n)
	if !p.hasAfter() {
		return
	}
	low, high := e.Forecast+e.Low, e.Forecast+e.High
	for i := range n {
		if p.Time[i] < from {
			continue
		}
		p.Forecast[i] = &e.Forecast
		if e.Low != 0 || e.High != 0 {
			p.Low[i], p.High[i] = &low, &high
		}
	}
}
