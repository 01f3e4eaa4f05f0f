package detector

import (
	"maps"
	"math"
	"slices"

	"github.com/pushback/pushback/detector/stats"
	"github.com/pushback/pushback/sources"
)

// usualLevels are the series of a combined level that lived through the before window, each
// with its usual value.
type usualLevels struct {
	combine Combine
	series  map[string]float64
	keys    []string // of series, in an order that is always the same: so is the rounding of sums
	usual   float64  // of all of them, combined
	scatter float64  // of the combined ticks, as a median deviation
}

// A combined level is no sample of the whole if the series that are left would have been
// further from it before the change than biasedMean of it, and than biasedScatter median
// deviations.
const biasedScatter = 4

// vanishingLevels prepares to look for series of a combined level that vanish. Those that
// lack in more than half of the ticks, or at the end, come and go anyway.
func vanishingLevels(past Raw, before Ticks, g Grid) usualLevels {
	u := usualLevels{combine: past.Combine, series: map[string]float64{}, scatter: stats.MAD(before.Value, nil)}
	for _, s := range past.Value {
		v := newest(s, g)
		n := finite(v)
		if 2*n > finite(before.Value) && finite(lastOf(v, 2)) > 0 {
			u.series[LabelKey(s.Labels)] = stats.Mean(v)
		}
	}
	u.keys = slices.Sorted(maps.Keys(u.series))
	u.usual = u.of(func(string) bool { return true })
	return u
}

// of combines the usual values of some series.
func (u usualLevels) of(there func(key string) bool) float64 {
	all, n := math.NaN(), 0.0
	for _, key := range u.keys {
		if there(key) {
			all, n = u.combine.add(all, u.series[key]), n+1
		}
	}
	if u.combine == Mean {
		all /= n
	}
	return all
}

// mark notes the ticks that are incomplete. Series that others replace are not missed, and of
// a sum neither are those whose part the others carry.
func (u usualLevels) mark(t Ticks, present []sources.Series, g Grid) Ticks {
	there, fresh := u.present(present, g)
	for i, value := range t.Value {
		gone := len(u.series) - len(there[i])
		if math.IsNaN(value) || len(there[i]) == 0 || gone == 0 || float64(fresh[i]) >= vanishedShare*float64(gone) {
			continue
		}
		lacks := u.usual - u.of(func(key string) bool { return there[i][key] })
		carried := u.combine == Sum && math.Abs(u.usual-value) < vanishedShare*math.Abs(lacks)
		if !carried && math.Abs(lacks) > max(biasedMean*math.Abs(u.usual), biasedScatter*u.scatter) {
			t.Incomplete = append(t.Incomplete, i)
		}
	}
	return t
}

// present are the usual series that are there in each tick, and how many others are.
func (u usualLevels) present(series []sources.Series, g Grid) (there []map[string]bool, fresh []int) {
	there, fresh = make([]map[string]bool, g.N), make([]int, g.N)
	for _, s := range series {
		key := LabelKey(s.Labels)
		_, known := u.series[key]
		for i, v := range newest(s, g) {
			switch {
			case math.IsNaN(v):
			case !known:
				fresh[i]++
			case there[i] == nil:
				there[i] = map[string]bool{key: true}
			default:
				there[i][key] = true
			}
		}
	}
	return there, fresh
}
