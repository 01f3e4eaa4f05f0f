package detector

import (
	"math"
	"slices"

	"github.com/pushback/pushback/sources"
)

// Form is how raw series become ticks.
type Form string

// The forms, by what Value and Part hold. Native histograms need Value alone.
const (
	FormLevel      Form = "level"       // Value, as it is
	FormCounts     Form = "counts"      // increase(Part) of increase(Value)
	FormRatio      Form = "ratio"       // Part of Value, both already rates or counts a tick
	FormMean       Form = "mean"        // increase(Value) / increase(Part)
	FormSlow       Form = "slow"        // increase(Value) − increase(Part), of increase(Value)
	FormNativeMean Form = "native_mean" // sum/count of native histograms
	FormNativeSlow Form = "native_slow" // events above Edge of all
)

// Raw is what the store answered for one signal.
type Raw struct {
	Form  Form
	Value []sources.Series // level; total of counts; _sum of a mean
	Part  []sources.Series // bad of counts; _count of a mean; the bucket of a slow fraction
	Edge  float64          // native slow fraction: the bound, in the histogram's unit

	Combine Combine // of levels and ratios: how several series become one number

	Buckets []sources.Series // of a classic histogram: by edge, what was counted up to it; for quantiles alone

	Control *Raw   // of a controlled signal, in the same form; nil: none, or none to be had
	Fault   string // why there is none to be had
}

// Tabulate puts raw series on a grid. Samples left of the grid are used as
// the points that the first increases start from; see counters for how
// counters are read. A form it does not know gives missing ticks.
func Tabulate(r Raw, g Grid) Ticks { return r.tabulate(pacePair{}, g)[0] }

// tabulate is Tabulate for several grids, with the usual pace of the signal's counters; the zero value
// where only the series themselves say it.
func (r Raw) tabulate(known pacePair, grids ...Grid) []Ticks {
	whole, paired := r.counters()
	if r.Form == FormCounts || paired {
		return r.counted(whole, paired, known, grids)
	}
	all := make([]Ticks, len(grids))
	for i, g := range grids {
		switch r.Form {
		case FormLevel:
			all[i] = r.Combine.level(r.Value, g)
		case FormRatio:
			all[i] = r.ratio(g)
		default:
			all[i] = Ticks{Value: g.missing()}
		}
	}
	return all
}

// counted reads counters once for all grids.
func (r Raw) counted(whole []pointSeries, paired bool, known pacePair, grids []Grid) []Ticks {
	c, all := countersOf(whole, paired, r.sums(), known), make([]Ticks, len(grids))
	events := c.increases(whole, grids...)
	if !paired {
		bad := c.increases(plainSeries(r.Part), grids...)
		for i, total := range events {
			all[i] = sharesOf(present(bad[i].events, total.events), total.events).without(total.impossible).without(bad[i].impossible)
		}
		return all
	}
	for i, n := range events {
		all[i] = r.pairedTicks(n).without(n.impossible)
	}
	return all
}

// pairedTicks are the ticks of a histogram.
func (r Raw) pairedTicks(n increased) Ticks {
	switch r.Form {
	case FormMean, FormNativeMean:
		return Ticks{Value: quotient(n.beside, n.events)}
	case FormSlow:
		return sharesOf(besides(n.beside, n.events), n.events)
	default:
		return sharesOf(n.beside, n.events)
	}
}

// counters are the counters that say how many events there were. They are paired in the
// forms that read a histogram.
func (r Raw) counters() (all []pointSeries, paired bool) {
	switch r.Form {
	case FormCounts:
		return plainSeries(r.Value), false
	case FormSlow:
		return pairedSeries(r.Value, r.Part), true
	case FormMean:
		return pairedSeries(r.Part, r.Value), true
	case FormNativeMean:
		return nativeSeries(r.Value, func(h sources.HistogramSample) float64 { return h.Sum }), true
	case FormNativeSlow:
		return nativeSeries(r.Value, func(h sources.HistogramSample) float64 { return above(h, r.Edge) }), true
	}
	return nil, false
}

// sums reports whether what is read beside the counters are sums of what was measured.
func (r Raw) sums() bool { return r.Form == FormMean || r.Form == FormNativeMean }

// besides is what is not in the bucket. Fast events cannot exceed all events; where scrapes
// of the two disagree by one, none were slow.
func besides(fast, all Values) Values {
	bad := make(Values, len(all))
	for i := range bad {
		bad[i] = max(all[i]-fast[i], 0)
	}
	return bad
}

// without clears the ticks that hold an impossible increase, and says which they were.
func (t Ticks) without(impossible map[int]bool) Ticks {
	for i := range t.Value {
		if impossible[i] && !slices.Contains(t.Impossible, i) {
			t.clearTick(i)
			t.Impossible = append(t.Impossible, i)
		}
	}
	return t
}

// present makes an absent part 0 wherever its whole is there, because a counter of errors
// appears with its first error.
func present(part, whole Values) Values {
	for i, v := range whole {
		if !math.IsNaN(v) && math.IsNaN(part[i]) {
			part[i] = 0
		}
	}
	return part
}

func sharesOf(bad, total Values) Ticks {
	t := Ticks{Value: make(Values, len(total)), Bad: bad, Total: total}
	for i := range total {
		t.Value[i] = share(bad[i], total[i])
	}
	return t
}

func quotient(sum, count Values) Values {
	q := make(Values, len(sum))
	for i := range q {
		q[i] = share(sum[i], count[i])
	}
	return q
}

// plus adds to a tick that may still be missing.
func plus(sum, v float64) float64 {
	if math.IsNaN(sum) {
		return v
	}
	return sum + v
}
