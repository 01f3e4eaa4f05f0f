package detector

import (
	"math"
	"slices"

	"github.com/pushback/pushback/detector/stats"
)

// togetherSigmas is by how many σ the mean of four fifths of the examples must be beyond zero.
const togetherSigmas = 5

// risesTogether reports whether the examples begin with extras that are too much by chance for
// all of them together. A burst of errors of which a minute has none to three is within
// the noise at each tick of each example, and far beyond it in their sums.
func risesTogether(all []example, noise float64) bool {
	kept := len(all) - len(all)/ShapeExamples
	for ticks := 1; ticks <= shapeTicks; ticks++ {
		sums := make([]float64, len(all))
		for i := range all {
			sums[i] = sumOf(all[i].extra[:ticks])
		}
		slices.Sort(sums)
		scale := max(noise*math.Sqrt(float64(ticks)), noiseOfSums(all, ticks))
		if usualLow(sums) > 0 && stats.Mean(sums[:kept]) > togetherSigmas*scale/math.Sqrt(float64(kept)) {
			return true
		}
	}
	return false
}

// noiseOfSums is the σ of what so many ticks in a row were off together, after those of a
// shape: more than that of independent ticks where the signal remembers.
func noiseOfSums(all []example, ticks int) float64 {
	var off []float64
	for i := range all {
		after := all[i].extra[shapeTicks:]
		for from := 0; from+ticks <= len(after); from++ {
			off = append(off, math.Abs(sumOf(after[from:from+ticks])))
		}
	}
	if len(off) == 0 {
		return 0
	}
	return stats.QuantileInPlace(off, offQuantile) / offDeviate
}

func sumOf(x []float64) (sum float64) {
	for _, v := range x {
		sum += v
	}
	return sum
}

// Some services warm up after some of their deploys only, or each time some minutes later than the last. Their examples
// share no tick, so two of them and a fifth of all are enough if their peaks are beyond risingSigmas, and each
// extra holds for scatter ticks before and after.
const (
	risingSigmas = 4
	scatter      = 2
)

// risingOf are the examples whose peaks are far beyond the noise.
func risingOf(all []example, noise float64) []example {
	return slices.DeleteFunc(slices.Clone(all), func(e example) bool { return e.peak() <= risingSigmas*noise })
}

// scattered are the examples with the largest extra of the ticks around each.
func scattered(all []example) []example {
	wide := slices.Clone(all)
	for i := range wide {
		extra := slices.Clone(all[i].extra)
		for j := range shapeTicks {
			extra[j] = slices.Max(all[i].extra[max(j-scatter, 0):min(j+scatter+1, shapeTicks)])
		}
		wide[i].extra = extra
	}
	return wide
}
