package accuracy

import (
	"cmp"
	"math"
	"slices"

	"github.com/pushback/pushback/detector/stats"
)

// Report is the result of Measure.
type Report struct {
	Moments   int      `json:"moments"`
	Seed      uint64   `json:"seed"`
	History   int      `json:"history_ticks"`
	Scenarios []string `json:"scenarios"`
	Rows      []Row    `json:"rows"`
}

// Row is one method at one threshold. Rates are shares, 0 to 1.
type Row struct {
	Method      string    `json:"method"`
	Setting     string    `json:"setting"`
	Matched     float64   `json:"matched,omitempty"` // the false-alarm rate it was tuned to; 0: its default
	Threshold   float64   `json:"threshold"`
	FalseAlarms float64   `json:"false_alarms"`
	Low         float64   `json:"false_alarms_low"` // 95 % Wilson interval
	High        float64   `json:"false_alarms_high"`
	Power       float64   `json:"power"`  // mean over the scenarios
	Caught      []float64 `json:"caught"` // by scenario
	Ticks       []int     `json:"ticks"`  // median ticks to detection by scenario; 0 if never found
}

// matchedRates are the false-alarm rates at which methods are compared.
var matchedRates = []float64{0.01, 0.05}

func (o Options) report(outcomes []outcome) Report {
	r := Report{Moments: len(outcomes), Seed: o.Seed, History: o.History}
	for _, s := range Scenarios {
		r.Scenarios = append(r.Scenarios, s.Name)
	}
	for i, m := range o.methods() {
		r.Rows = append(r.Rows, rowOf(outcomes, i, m, m.Threshold, m.Default, 0))
	}
	for _, rate := range matchedRates {
		for i, m := range o.methods() {
			r.Rows = append(r.Rows, rowOf(outcomes, i, m, matchingThreshold(outcomes, i, rate), "", rate))
		}
	}
	return r
}

// matchingThreshold is the smallest threshold with at most this rate of false alarms.
func matchingThreshold(outcomes []outcome, method int, rate float64) float64 {
	scores := make([]float64, len(outcomes))
	for i, o := range outcomes {
		scores[i] = o[method][0].best()
	}
	return thresholdAt(scores, rate)
}

// thresholdAt is the smallest threshold that at most this share of the scores reaches.
func thresholdAt(scores []float64, rate float64) float64 {
	slices.Sort(scores)
	allowed := int(rate * float64(len(scores)))
	return math.Nextafter(scores[len(scores)-1-allowed], math.Inf(+1))
}

func rowOf(outcomes []outcome, method int, m Method, threshold float64, setting string, matched float64) Row {
	r := Row{Method: m.Name, Setting: setting, Matched: matched, Threshold: threshold}
	for s := range len(Scenarios) + 1 {
		var ticks []int
		for _, o := range outcomes {
			if t := o[method][s].at(threshold); t > 0 {
				ticks = append(ticks, t)
			}
		}
		share := float64(len(ticks)) / float64(len(outcomes))
		if s == 0 {
			r.FalseAlarms = share
			r.Low, r.High = stats.Wilson(share, float64(len(outcomes)))
			continue
		}
		r.Caught, r.Ticks = append(r.Caught, share), append(r.Ticks, medianTick(ticks))
		r.Power += share / float64(len(Scenarios))
	}
	return r
}

func medianTick(ticks []int) int {
	if len(ticks) == 0 {
		return 0
	}
	slices.Sort(ticks)
	return ticks[len(ticks)/2]
}

// shortfall is the largest lead of the best peer over the first method, with its scenario
// and the peer's name. It is negative if the first method leads everywhere.
func (r Report) shortfall(matched float64) (points float64, scenario, method string) {
	rows := r.at(matched)
	points = math.Inf(-1)
	for s, name := range r.Scenarios {
		best := slices.MaxFunc(rows[len(Ours):], func(a, b Row) int { return cmp.Compare(a.Caught[s], b.Caught[s]) })
		if d := best.Caught[s] - rows[0].Caught[s]; d > points {
			points, scenario, method = d, name, best.Method
		}
	}
	return points, scenario, method
}
