package detector

import (
	"math"

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

	Buckets []sources.Series // of a classic histogram: by edge, what was counted up to it; for quantiles alone

	Control *Raw   // of a controlled signal, in the same form; nil: none, or none to be had
	Fault   string // why there is none to be had
}

// Tabulate puts raw series on a grid. Samples left of the grid are used as
// the points that the first increases start from; see increases for how
// counters are read. A form it does not know gives missing ticks.
func Tabulate(r Raw, g Grid) Ticks {
	switch r.Form {
	case FormLevel:
		return Ticks{Value: latest(r.Value, g)}
	case FormRatio:
		return sharesOf(present(latest(r.Part, g), latest(r.Value, g)), latest(r.Value, g))
	case FormCounts:
		return counted(r, g)
	case FormSlow:
		return slow(r, g)
	case FormMean:
		first := first(r.Value, r.Part)
		return Ticks{Value: quotient(increases(r.Value, g, first), increases(r.Part, g, first))}
	case FormNativeMean:
		n := native(r.Value, 0, g)
		return Ticks{Value: quotient(n.sum, n.count)}
	case FormNativeSlow:
		n := native(r.Value, r.Edge, g)
		return sharesOf(n.above, n.count)
	}
	return Ticks{Value: g.missing()}
}

func counted(r Raw, g Grid) Ticks {
	first := first(r.Value)
	total := increases(r.Value, g, first)
	return sharesOf(present(increases(r.Part, g, first), total), total)
}

// slow counts what is not in the bucket. Fast events cannot exceed all
// events; where scrapes of the two disagree by one, none were slow.
func slow(r Raw, g Grid) Ticks {
	first := first(r.Value)
	total := increases(r.Value, g, first)
	bad := increases(r.Part, g, first)
	for i := range bad {
		bad[i] = max(total[i]-bad[i], 0)
	}
	return sharesOf(bad, total)
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

// latest is the newest sample in each tick, summed over series. It is not the mean, so that
// a history with one sample per tick is as noisy as a live look with many.
func latest(ss []sources.Series, g Grid) Values {
	sum := g.missing()
	for _, s := range ss {
		for i, p := range s.Samples {
			at := g.place(p.T)
			if at < 0 || at >= g.N || math.IsNaN(p.V) {
				continue
			}
			if i+1 < len(s.Samples) && g.place(s.Samples[i+1].T) == at {
				continue
			}
			sum[at] = plus(sum[at], p.V)
		}
	}
	return sum
}

// plus adds to a tick that may still be missing.
func plus(sum, v float64) float64 {
	if math.IsNaN(sum) {
		return v
	}
	return sum + v
}
