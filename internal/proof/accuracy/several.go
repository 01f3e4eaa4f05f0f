package accuracy

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/pushback/pushback/detector"
)

// severalSignals is how many signals the watches of this section have.
const severalSignals = 8

// severalSpan is the history of each of them.
const severalSpan = 48 * time.Hour

// several is one kind of service with several signals.
type several struct {
	what   string
	common float64 // the share of the variance that all signals have in common
	rho    float64 // memory, of what is common and of what is each signal's own
}

// severals are the services of the page.
var severals = []several{
	{what: "independent, white noise"},
	{what: "independent, AR .9", rho: 0.9},
	{what: "half of the variance in common, white noise", common: 0.5},
	{what: "half of the variance in common, AR .9", common: 0.5, rho: 0.9},
}

// severalShifts are what the change does: to how many of the signals, and how many of their
// standard deviations.
var severalShifts = []struct {
	signals int
	size    float64
}{{severalSignals, 0.75}, {severalSignals, 1.5}, {3, 1.5}, {1, 3}}

// SeveralRow is what was made of one kind of service.
type SeveralRow struct {
	What    string         `json:"what"`
	Watches int            `json:"watches"`
	Likely  Share          `json:"likely"`  // false alarms
	Certain Share          `json:"certain"` // false alarms
	Found   []SeveralFound `json:"found"`
}

// SeveralFound is what was found of one shift.
type SeveralFound struct {
	Shift   string  `json:"shift"`
	Likely  float64 `json:"likely"`
	Certain float64 `json:"certain"`
	Ticks   int     `json:"ticks"` // median until likely
}

// draw draws signals about 100 with a standard deviation of one.
func (s several) draw(r *rand.Rand, n int) [severalSignals][]float64 {
	sigma := math.Sqrt(1 - s.rho*s.rho)
	var all [severalSignals][]float64
	shared := around(0, sigma, s.rho)(r, n)
	for k := range all {
		all[k] = around(0, sigma, s.rho)(r, n)
		for i, own := range all[k] {
			all[k][i] = 100 + math.Sqrt(s.common)*shared[i] + math.Sqrt(1-s.common)*own
		}
	}
	return all
}

// watch draws one service and judges its signals together: as they are, and with each
// shift.
func (s several) watch(seed uint64, number int) []reached {
	history := int(severalSpan / time.Minute)
	x := s.draw(sourceOf(s.what, 0, seed, number), history+window)
	p, k, before := planOf(time.Minute), detector.Profiles{}, map[string][]float64{}
	for i := range x {
		signal := detector.Signal{Name: fmt.Sprintf("signal %d", i+1), Kind: detector.Level, Worse: detector.Higher}
		p.Signals = append(p.Signals, signal)
		w := learnQuiet(signal.Worse, x[i][:history])
		k[signal.Name], before[signal.Name] = w.profile, w.before
	}
	look := func(signals int, size float64) reached {
		after := map[string][]float64{}
		for i, signal := range p.Signals {
			after[signal.Name] = x[i][history:]
			if i < signals {
				after[signal.Name] = shiftedBy(x[i][history:], size)
			}
		}
		return lookAtAll(p, k, before, after).reached
	}
	out := []reached{look(0, 0)}
	for _, shift := range severalShifts {
		out = append(out, look(shift.signals, shift.size))
	}
	return out
}

func shiftedBy(x []float64, size float64) []float64 {
	shifted := make([]float64, len(x))
	for i, v := range x {
		shifted[i] = v + size
	}
	return shifted
}

// MeasureSeveral draws so many services of each kind.
func MeasureSeveral(ctx context.Context, series int, seed uint64, progress Progress) ([]SeveralRow, error) {
	outcomes, err := watchKinds(ctx, len(severals), series, progress, func(kind, number int) []reached {
		return severals[kind].watch(seed, number)
	})
	rows := make([]SeveralRow, len(outcomes))
	for i := range rows {
		rows[i] = severalRow(severals[i].what, outcomes[i])
	}
	return rows, err
}

func severalRow(what string, outcomes [][]reached) SeveralRow {
	n := len(outcomes)
	quiet := columnOf(outcomes, 0)
	row := SeveralRow{What: what, Watches: n, Likely: rateOf(quiet, detector.Likely), Certain: rateOf(quiet, detector.Certain)}
	for i, shift := range severalShifts {
		worse := columnOf(outcomes, i+1)
		row.Found = append(row.Found, SeveralFound{
			Shift:  fmt.Sprintf("%d by %s σ", shift.signals, number(shift.size)),
			Likely: rateOf(worse, detector.Likely).Share, Certain: rateOf(worse, detector.Certain).Share,
			Ticks: medianTick(ticksOf(worse, detector.Likely)),
		})
	}
	return row
}
