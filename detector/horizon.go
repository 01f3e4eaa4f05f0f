package detector

import (
	"fmt"
	"math"
	"time"
)

// A long bake has long ticks, and a regression of the first minutes would wait for the end
// of one. So a bake over an hour is watched on two horizons: its own, and a fine one of
// short ticks over the first half hour. Each is tested at half the level, and the one with
// the higher grade is shown. See adr/0016.
//
// A fine signal follows the signal it is Of in a plan, with a name, readings and a profile
// of its own.

// fineTicks are w and h of the fine horizon.
const fineTicks = 30

// FineName is what the fine horizon of a signal is called.
func FineName(signal string, tick time.Duration) string {
	return fmt.Sprintf("%s@%s", signal, tick)
}

// On is the plan that one of its signals is judged under: its own, or that of
// the fine horizon.
func (p Plan) On(s Signal) Plan {
	if s.Of != "" {
		p.Tick, p.Before, p.After = p.Fine, fineTicks, fineTicks
	}
	return p
}

// on is the observation on the grid of a plan.
func (o Observation) on(p Plan) Observation {
	if p.Tick == p.Fine && o.Fine != nil {
		o.Gap, o.Filled = o.Fine.Gap, o.Fine.Filled
	}
	return o
}

// pairHorizons attaches every fine trial to the trial of its signal, and returns the
// latter. Two horizons are two chances to be wrong, so p doubles.
func pairHorizons(trials []trial) []trial {
	fine := 0
	for i := range trials {
		if trials[i].signal.Of != "" {
			fine++
		}
	}
	if fine == 0 {
		return trials
	}
	coarse := make([]trial, 0, len(trials)-fine)
	for i := range trials {
		if trials[i].signal.Of == "" {
			coarse = append(coarse, trials[i])
		}
	}
	for i := range trials {
		for k := range coarse {
			if c := &coarse[k]; c.signal.Name == trials[i].signal.Of {
				c.fine = &trials[i]
				c.e.RawP, c.fine.e.RawP = min(1, 2*c.e.RawP), min(1, 2*c.fine.e.RawP)
			}
		}
	}
	return coarse
}

// pValue is the smaller p of both horizons, and ok where either was tested. A horizon that
// was unhealthy before the change counts with p = 1.
func (t *trial) pValue() (p float64, ok bool) {
	p = math.Inf(+1)
	for _, h := range []*trial{t, t.fine} {
		if h != nil && h.tested {
			claimed := h.e.RawP
			if h.unhealthyBefore {
				claimed = 1
			}
			p, ok = min(p, claimed), true
		}
	}
	return p, ok
}

// adjust sets p to what the correction for the number of signals has made of pValue.
func (t *trial) adjust(adjusted float64) {
	claim, _ := t.pValue()
	for _, h := range []*trial{t, t.fine} {
		if h != nil && h.tested {
			h.e.P = adjusted
			if claim > 0 {
				h.e.P = min(1, adjusted*(h.e.RawP/claim))
			}
		}
	}
}

// preferFine shows the fine horizon's evidence where its grade is higher. Health depends on
// the whole bake, and on a fine horizon without evidence against it.
func (t *trial) preferFine() {
	if t.fine == nil {
		return
	}
	f, healthy := t.fine.e, t.e.Healthy
	if t.fine.tested && f.Grade > None && !f.Healthy {
		healthy = false
	}
	if f.Grade > t.e.Grade || f.Grade == t.e.Grade && f.Grade > None && f.P < t.e.P {
		f.Signal = t.e.Signal
		f.Notes = append(f.Notes, fmt.Sprintf("Seen on ticks of %s over the first %s, beside the whole bake.", spanWords(t.fine.plan.Tick), spanWords(fineTicks*t.fine.plan.Tick)))
		t.e = f
	}
	t.e.Healthy = healthy
}
