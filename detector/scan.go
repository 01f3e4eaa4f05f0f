package detector

import "math"

// A regression may be a spike or a slow rise, and each is clearest at its own length.
// meanLengths are the lengths over which residuals are averaged. riseLengths are those over
// which their upward jumps are: they find a signal that gets noisier without a higher mean.
var (
	meanLengths = [...]int{1, 2, 3, 5, 10, 20, 30}
	riseLengths = [...]int{5, 10, 20, 30}
)

const (
	lengths  = len(meanLengths) + len(riseLengths) + 1 // the last is sinceChange
	tenTicks = 4                                       // place of 10 among the meanLengths
)

// clipAt is the size in σ from which residuals grow logarithmically, so that one extreme
// tick cannot decide alone, and a more extreme one still counts for more.
const clipAt = 5

// residual is how far the value a is from its forecast in direction d, in σ, softly
// clipped. It is NaN for a missing tick.
func residual(a, forecast, scale float64, d direction) float64 {
	return softClip(d.worse(a-forecast)/scale, clipAt)
}

// softClip lets what is larger than most grow logarithmically.
func softClip(r, most float64) float64 {
	if size := math.Abs(r); size > most {
		return math.Copysign(most*(1+math.Log(size/most)), r)
	}
	return r
}

// scanner follows the means of the last k residuals and of their jumps for
// every k at once. Missing ticks are left out of the means; a mean needs half
// its ticks.
type scanner struct {
	sums, rises []float64 // running sums, the first 0
	seen        []int     // how many of them had a value
	last        float64   // the newest residual; before the first, the forecast
	means       [lengths]float64
	since       sinceChange
}

func newScanner(after int, noise *Noise) *scanner {
	return &scanner{
		sums: make([]float64, 1, after+1), rises: make([]float64, 1, after+1), seen: make([]int, 1, after+1), since: noise.begin(after),
	}
}

func (s *scanner) reset() {
	s.sums, s.rises, s.seen, s.last = s.sums[:1], s.rises[:1], s.seen[:1], 0
	s.since = s.since.again()
}

// add takes the next residual and returns the means, first those of residuals
// in the order of meanLengths, then those of jumps in the order of riseLengths;
// −Inf where too few ticks have passed or too many are missing.
func (s *scanner) add(r float64) *[lengths]float64 { return s.addBoth(r, r) }

// addBoth takes a residual for the means, and one for sinceChange.
func (s *scanner) addBoth(r, since float64) *[lengths]float64 {
	s.put(r)
	s.average(s.since.add(since))
	return &s.means
}

// average fills in the means.
func (s *scanner) average(since float64) {
	t := len(s.sums) - 1
	for i, k := range meanLengths {
		s.means[i] = s.mean(s.sums, t, k)
	}
	for i, k := range riseLengths {
		s.means[len(meanLengths)+i] = s.mean(s.rises, t, k)
	}
	s.means[lengths-1] = since
}

// unit makes the sum over a length's ticks its score: per × sum − less.
type unit struct{ per, less float64 }

// unitsOf are those of every length. One that has no tail never has the largest score.
func unitsOf(tails []Tail) (units [lengths]unit) {
	for i := range units {
		if i >= len(tails) {
			units[i] = unit{1, math.Inf(+1)}
			continue
		}
		units[i] = unit{1 / tails[i].Excess / float64(averagedOver(i)), tails[i].Q80/tails[i].Excess - aheadOf(i)}
	}
	return units
}

// averagedOver is over how many ticks a length is averaged; sinceChange is none of those.
func averagedOver(length int) int {
	switch {
	case length < len(meanLengths):
		return meanLengths[length]
	case length < lengths-1:
		return riseLengths[length-len(meanLengths)]
	}
	return 1
}

// highest takes the residuals of a tick as addBoth does, and returns the largest score of any length.
// While no tick is missing, it takes no mean: a tick costs a third less.
func (s *scanner) highest(r, since float64, tails []Tail, units *[lengths]unit) float64 {
	s.put(r)
	ratio, t := s.since.add(since), len(s.sums)-1
	if s.seen[t] < t {
		s.average(ratio)
		return largestScore(&s.means, tails)
	}
	g := units[lengths-1].score(ratio)
	for i, k := range meanLengths {
		if k > t {
			break
		}
		g = max(g, units[i].score(s.sums[t]-s.sums[t-k]))
	}
	for i, k := range riseLengths {
		if k > t {
			break
		}
		g = max(g, units[len(meanLengths)+i].score(s.rises[t]-s.rises[t-k]))
	}
	return g
}

func (u unit) score(sum float64) float64 { return u.per*sum - u.less }

// put adds up the next residual, and reports whether there is one.
func (s *scanner) put(r float64) bool {
	t, there := len(s.sums)-1, !math.IsNaN(r)
	sum, rise, seen := s.sums[t], s.rises[t], s.seen[t]
	if there {
		sum, rise, seen, s.last = sum+r, rise+max(r-s.last, 0), seen+1, r
	}
	s.sums, s.rises, s.seen = append(s.sums, sum), append(s.rises, rise), append(s.seen, seen)
	return there
}

// mean is that of the last k ticks up to tick t.
func (s *scanner) mean(sums []float64, t, k int) float64 {
	if k > t {
		return math.Inf(-1)
	}
	n := s.seen[t] - s.seen[t-k]
	if 2*n < k || n == 0 {
		return math.Inf(-1)
	}
	return (sums[t] - sums[t-k]) / float64(n)
}

// fitting is how many of meanLengths fit into a horizon.
func fitting(after int) int {
	n := 0
	for n < len(meanLengths) && meanLengths[n] <= after {
		n++
	}
	return n
}
