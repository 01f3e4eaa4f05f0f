package accuracy

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/pushback/pushback/detector"
)

// law is a noise law whose every parameter the informed judge knows. A shift of k is one
// of k standard deviations of the series.
type law struct {
	name  string
	quiet func(r *rand.Rand, n int) []float64
	worse func(r *rand.Rand, after []float64, shift float64) []float64
	// evidence is the log-likelihood ratio of each after-tick, of the shift against none,
	// given the tick before it.
	evidence func(before float64, after []float64, shift float64) []float64
}

// laws are those of the page.
var laws = []law{autoregressive("white noise", 0), autoregressive("AR .5", 0.5), autoregressive("AR .9", 0.9), poissonLaw(3), poissonLaw(20)}

// LimitShifts are the shifts, in standard deviations of the series.
var LimitShifts = []float64{1, 1.5, 2, 3, 5}

// limitHistory is what the detector learns from.
const limitHistory = 2 * dayTicks

// limitRate is the share of quiet watches in which each judge may alarm.
const limitRate = 0.01

// autoregressive is of order one, with a standard deviation of one about 100. The shift is
// added to the series, so that an innovation carries all of it at the first tick, and 1−ρ
// of it afterwards.
func autoregressive(name string, rho float64) law {
	sigma := math.Sqrt(1 - rho*rho) // of the innovations
	return law{
		name:  name,
		quiet: around(100, sigma, rho),
		worse: func(_ *rand.Rand, after []float64, shift float64) []float64 {
			return shiftedBy(after, shift)
		},
		evidence: func(before float64, after []float64, shift float64) []float64 {
			ratios := make([]float64, len(after))
			for i, x := range after {
				innovation, moved := (x-100-rho*(before-100))/sigma, shift*(1-rho)/sigma
				if i == 0 {
					moved = shift / sigma
				}
				ratios[i], before = moved*innovation-moved*moved/2, x
			}
			return ratios
		},
	}
}

// poissonLaw is events a tick.
func poissonLaw(rate float64) law {
	g := poissonOf("Poisson "+number(rate), rate)
	shifted := func(shift float64) float64 { return rate + shift*g.Sigma }
	return law{
		name:  g.Name,
		quiet: g.draw,
		worse: func(r *rand.Rand, after []float64, shift float64) []float64 {
			return g.redraw(r, len(after), shifted(shift))
		},
		evidence: func(_ float64, after []float64, shift float64) []float64 {
			ratios := make([]float64, len(after))
			for i, x := range after {
				ratios[i] = x*math.Log(shifted(shift)/rate) - (shifted(shift) - rate)
			}
			return ratios
		},
	}
}

// LimitRow compares the detector with two informed judges on one law and shift, all with
// thresholds at which they alarm in 1 % of quiet watches.
type LimitRow struct {
	Law      string  `json:"law"`
	Shift    float64 `json:"shift"`
	Watches  int     `json:"watches"`
	Informed Speed   `json:"informed"`     // knows the law and the shift
	Unsure   Speed   `json:"unsure"`       // knows the law, and not which of LimitShifts it is
	Detector Speed   `json:"detector"`     // knows two days
	Ratio    float64 `json:"ratio"`        // of mean delays, to the informed judge
	ToUnsure float64 `json:"ratio_unsure"` // of mean delays, to the unsure judge
}

// Speed is how much is found, and how fast.
type Speed struct {
	Power  float64 `json:"power"`
	Median int     `json:"median_ticks"` // of what was found
	Mean   float64 `json:"mean_ticks"`   // what was not found counts as the whole horizon
}

// likelihoods are, at each tick, the likelihood ratio of all ticks since the change. The
// time of the change is known, so that nothing is gained by beginning again, as a CUSUM
// would. Of several shifts it is their mean.
func (l law) likelihoods(before float64, after []float64, shifts ...float64) []float64 {
	ratios := make([]float64, len(after))
	for _, shift := range shifts {
		sum := 0.0
		for i, evidence := range l.evidence(before, after, shift) {
			sum += evidence
			ratios[i] += math.Exp(min(sum, 500)) / float64(len(shifts))
		}
	}
	return ratios
}

// limitOutcome is what the judges made of one series: the quiet one first, then each
// shift.
type limitOutcome struct {
	quietInformed    []caught // by shift: what the judge looks for
	informed         []caught
	unsure, detector []caught // by shift, 0 for the quiet one
}

// watch draws one series, and changes its end by each shift.
func (l law) watch(r *rand.Rand) limitOutcome {
	x, out := l.quiet(r, limitHistory+window), limitOutcome{}
	w, quiet, last := learnQuiet(detector.Higher, x[:limitHistory]), x[limitHistory:], x[limitHistory-1]
	judge := func(after []float64) {
		out.unsure = append(out.unsure, risingScores(l.likelihoods(last, after, LimitShifts...)))
		likely, _ := w.scores(simulated, after)
		out.detector = append(out.detector, risingScores(likely))
	}
	judge(quiet)
	for _, shift := range LimitShifts {
		after := l.worse(r, quiet, shift)
		out.quietInformed = append(out.quietInformed, risingScores(l.likelihoods(last, quiet, shift)))
		out.informed = append(out.informed, risingScores(l.likelihoods(last, after, shift)))
		judge(after)
	}
	return out
}

// MeasureLimit draws so many series of each law.
func MeasureLimit(ctx context.Context, series int, seed uint64, progress Progress) ([]LimitRow, error) {
	outcomes, err := watchKinds(ctx, len(laws), series, progress, func(kind, number int) limitOutcome {
		return laws[kind].watch(sourceOf("limit "+laws[kind].name, 0, seed, number))
	})
	var rows []LimitRow
	for i := range outcomes {
		for k, shift := range LimitShifts {
			rows = append(rows, limitRow(laws[i].name, shift, outcomes[i], k))
		}
	}
	return rows, err
}

func limitRow(name string, shift float64, outcomes []limitOutcome, k int) LimitRow {
	row := LimitRow{Law: name, Shift: shift, Watches: len(outcomes)}
	row.Informed = speedOf(outcomes, func(o limitOutcome) (quiet, shifted caught) { return o.quietInformed[k], o.informed[k] })
	row.Unsure = speedOf(outcomes, func(o limitOutcome) (quiet, shifted caught) { return o.unsure[0], o.unsure[k+1] })
	row.Detector = speedOf(outcomes, func(o limitOutcome) (quiet, shifted caught) { return o.detector[0], o.detector[k+1] })
	row.Ratio, row.ToUnsure = row.Detector.Mean/row.Informed.Mean, row.Detector.Mean/row.Unsure.Mean
	return row
}

// speedOf tunes one judge on the quiet watches, and applies it to the others.
func speedOf(outcomes []limitOutcome, of func(o limitOutcome) (quiet, shifted caught)) Speed {
	scores := make([]float64, len(outcomes))
	for i, o := range outcomes {
		quiet, _ := of(o)
		scores[i] = quiet.best()
	}
	threshold, found, sum := thresholdAt(scores, limitRate), []int(nil), 0
	for _, o := range outcomes {
		_, shifted := of(o)
		at := shifted.at(threshold)
		if at > 0 {
			found = append(found, at)
		} else {
			at = window
		}
		sum += at
	}
	return Speed{
		Power:  float64(len(found)) / float64(len(outcomes)),
		Median: medianTick(found), Mean: float64(sum) / float64(len(outcomes)),
	}
}
