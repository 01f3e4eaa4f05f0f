package detector

import (
	"math"
	"reflect"
	"sort"
	"time"
)

// Profile is how one signal moves when nothing is deployed: learned from
// history ahead of time, kept as JSON, and good for any change of the next
// day. It belongs to one query, tick, before and after; Learn makes it.
//
// Everything that Judge needs of the past is in it, the last period of the
// season forecaster included (Past), so that a look fetches nothing older
// than its own before window.
type Profile struct {
	Start  time.Time     `json:"start"`  // the first tick learned from begins here
	End    time.Time     `json:"end"`    // the last one ends here
	Tick   time.Duration `json:"tick"`   // the grid
	Before int           `json:"before"` // w
	After  int           `json:"after"`  // h
	Ticks  int           `json:"ticks"`  // with a value, of those between Start and End and not masked

	// Higher and Lower are the scans of one direction each, best first; the
	// direction a signal does not watch is empty, and so are both under six
	// hours of history. Where the best needs the season, the plain one follows
	// it: a part of it, and alone for a change that Past does not reach.
	Higher []Scan `json:"higher,omitempty"`
	Lower  []Scan `json:"lower,omitempty"`

	HigherShape *Shape `json:"higher_shape,omitempty"` // what good changes do at first; nil: nothing
	LowerShape  *Shape `json:"lower_shape,omitempty"`

	Overdispersion float64  `json:"overdispersion,omitempty"` // φ ≥ 1 of the counts; 0 where unknown
	Follows        *Follows `json:"follows,omitempty"`        // of a controlled signal: scans are of what its control leaves
	LagOne         float64  `json:"lag_one,omitempty"`        // correlation of a tick with the one before it
	Silences       Runs     `json:"silences,omitempty"`       // runs of ticks without a sample
	Lulls          Runs     `json:"lulls,omitempty"`          // runs of ticks with less than a fifth of the traffic before them
	Levels         Levels   `json:"levels"`

	LeftOut Windows `json:"left_out,omitempty"` // outages that nobody declared; see outages
	Past    []Past  `json:"past,omitempty"`
}

// Levels are the quantiles of the history's values, and its worst.
type Levels struct {
	Lowest  float64 `json:"lowest"`
	Q01     float64 `json:"q01"`
	Q05     float64 `json:"q05"`
	Q95     float64 `json:"q95"`
	Q99     float64 `json:"q99"`
	Highest float64 `json:"highest"`
}

// Past is a stretch of history that a season looks back to: one period before
// any change of the day after the profile's end, smoothed, and what was typical
// of the time.
type Past struct {
	Period  time.Duration `json:"period"`
	Start   time.Time     `json:"start"`
	Step    float64       `json:"step"` // what the curves are rounded to where they are stored; 0: they are not
	Smooth  Values        `json:"smooth"`
	Typical Values        `json:"typical"`
}

// Scan is the placebo scan in one direction: what the series does by itself, as
// the scan sees it.
type Scan struct {
	Forecaster string          `json:"forecaster"`        // blend, daily blend or weekly blend
	Periods    []time.Duration `json:"periods,omitempty"` // of the seasons it looks back by
	Weights    []float64       `json:"weights"`           // of the forecast's parts, in the order of group.fold
	Limits     []float64       `json:"limits"`            // sizes that the levels of a before window are cut to
	Long       float64         `json:"long,omitempty"`    // the long level at the end of the history
	Scale      float64         `json:"scale"`             // s0: the typical spread within a before window
	Own        float64         `json:"own,omitempty"`     // share of a window's own variance in σ²; 0: not learned
	Lengths    []Tail          `json:"lengths"`           // of the largest mean of each length, in the order of scanner.add, in σ
	Order      Curve           `json:"order"`             // order statistics of G up to Q80, evenly thinned
	Placebos   int             `json:"placebos"`          // how many G there were
	Q80        float64         `json:"q80"`               // of G, the largest score of any length
	Q99        float64         `json:"q99"`
	Excess     float64         `json:"excess"`           // β: mean excess of G above Q80; 0: the history never moved
	Tail       float64         `json:"tail"`             // shape of the tail: how many exceedances β is worth
	Detectable float64         `json:"detectable"`       // smallest shift found at p = 0.01 when it lasts ten ticks
	AlarmRate  float64         `json:"alarm_rate"`       // share of placebos that would have been likely
	Plain      float64         `json:"plain,omitempty"`  // share in G of the plain scan, which follows this one; 0: none
	Noise      *Noise          `json:"noise,omitempty"`  // of the residuals; nil: not learned, or none
	Rarest     float64         `json:"rarest,omitempty"` // the smallest p that the tail may give
	Seen       int             `json:"seen,omitempty"`   // ticks in which Worst was the worst
	Worst      float64         `json:"worst,omitempty"`  // the largest residual of one tick, in σ
	Rare       bool            `json:"rare,omitempty"`   // most ticks do not move: σ is of those that do
	Habits     []Habit         `json:"habits,omitempty"` // what happens at the same time of most days
}

// P is the p-value of g, the running maximum of the scan: a count among the placebos up to
// Q80, and beyond it a Pareto tail that allows for the uncertainty of β. A profile thins the
// order statistics of long histories; p is then right to a part in a thousand.
func (s Scan) P(g float64) float64 {
	if g > s.Q80 && s.Excess > 0 {
		return max(tailShare*s.exceedance((g-s.Q80)/s.Excess), s.Rarest)
	}
	if s.constant() {
		return 1
	}
	place := sort.SearchFloat64s(s.Order, g)
	below := float64(place) / float64(len(s.Order)) * float64(indexOfQ80(s.Placebos)+1)
	return (float64(s.Placebos) - math.Round(below) + 1) / float64(s.Placebos+1)
}

// indexOfQ80 is the place of Q80 among the ascending G of this many placebos.
func indexOfQ80(placebos int) int { return int((1 - tailShare) * float64(placebos)) }

// constant reports whether the history never moved. Then the scan has nothing to compare
// with.
func (s Scan) constant() bool { return s.Excess <= 0 || len(s.Order) == 0 }

// scans are those of direction d.
func (k *Profile) scans(d direction) *[]Scan {
	if d < 0 {
		return &k.Lower
	}
	return &k.Higher
}

// WithoutShape is the profile without what good changes do at first, for a service that the
// shape may not belong to.
func (k Profile) WithoutShape() Profile {
	k.HigherShape, k.LowerShape = nil, nil
	return k
}

// Size is how many bytes a profile takes in memory, but for the texts in it, which are few.
func (k Profile) Size() int {
	n := bytesOf([]Profile{k}) + bytesOf(k.Silences) + bytesOf(k.Lulls) + bytesOf(k.LeftOut) + bytesOf(k.Past) + k.HigherShape.size() + k.LowerShape.size()
	for _, p := range k.Past {
		n += bytesOf(p.Smooth) + bytesOf(p.Typical)
	}
	for _, scans := range [][]Scan{k.Higher, k.Lower} {
		n += bytesOf(scans)
		for _, s := range scans {
			n += bytesOf(s.Periods) + bytesOf(s.Weights) + bytesOf(s.Limits) + bytesOf(s.Lengths) + bytesOf(s.Order) + bytesOf(s.Habits)
		}
	}
	return n
}

func (s *Shape) size() int {
	if s == nil {
		return 0
	}
	return bytesOf([]Shape{*s}) + bytesOf(s.Usual) + bytesOf(s.Most) + bytesOf(s.Spread)
}

func bytesOf[S ~[]E, E any](s S) int { return cap(s) * int(reflect.TypeFor[E]().Size()) }
