package detector

import (
	"math"
	"sort"

	"github.com/pushback/pushback/detector/stats"
)

// worstBlocks is the share of a history's blocks that φ leaves out, so that an outage that
// was not masked does not inflate φ for two weeks.
const worstBlocks = 0.05

// overdispersion is φ of a history: Pearson's χ² over its degrees of freedom,
// within blocks as long as a comparison (before and after together) and
// pooled. One pooled share for two weeks would count the daily rise and fall
// as noise, which the count test never meets between before and after.
func overdispersion(t Ticks, block int) float64 {
	type dispersion struct{ chi2, freedom float64 }
	var blocks []dispersion
	for i := 0; t.counts() && i+block <= len(t.Total); i += block {
		if chi2, freedom := stats.Dispersion(t.Bad[i:i+block], t.Total[i:i+block]); freedom > 0 {
			blocks = append(blocks, dispersion{chi2, float64(freedom)})
		}
	}
	if len(blocks) == 0 {
		return 0
	}
	sort.Slice(blocks, func(a, b int) bool { return blocks[a].chi2/blocks[a].freedom < blocks[b].chi2/blocks[b].freedom })
	var chi2, freedom float64
	for _, b := range blocks[:len(blocks)-int(worstBlocks*float64(len(blocks)))] {
		chi2, freedom = chi2+b.chi2, freedom+b.freedom
	}
	return max(1, chi2/freedom)
}

// minTicks is how many ticks with events a before window needs for the count
// test, and fullTicks how many for its φ to be taken as it is.
const (
	minTicks  = 3
	fullTicks = 10
)

// lowerDecile is the normal deviate of a tenth, for the lower 10 % of χ².
const lowerDecile = -1.281552

// windowOverdispersion is φ of a before window alone. Under ten ticks it is
// an upper bound at 90 % instead of an estimate: too few ticks look calm by
// chance, and a φ too small raises false alarms.
func windowOverdispersion(t Ticks) float64 {
	chi2, freedom := stats.Dispersion(t.Bad, t.Total)
	if freedom == 0 {
		return 1
	}
	divisor := float64(freedom)
	if freedom+1 < fullTicks {
		divisor = math.Max(stats.ChiSquareQuantile(freedom, lowerDecile), 1e-3)
	}
	return max(1, chi2/divisor)
}
