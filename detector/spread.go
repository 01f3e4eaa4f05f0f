package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// σ of a window is part its own spread, part that of the history. Of noise that is always the
// same, the history knows more; of noise that follows the load or the hour, the window does.
// Which of the two a signal has is learned: the share is taken with which σ of the placebos
// says best how far their after-ticks were from their forecasts.
//
// See adr/0073.

// ownShares are the shares of a window's own variance that are tried, and evenShare is that of
// a scan that has learned none.
var ownShares = [...]float64{0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9}

const evenShare = 0.5

// sigma is σ of a window with a spread.
func (s *Scan) sigma(spread float64) float64 {
	if s.Own == 0 {
		return scaleOf(spread, s.Scale, evenShare)
	}
	return scaleOf(spread, s.Scale, s.Own)
}

// scaleOf is σ with a share of the window's own variance.
func scaleOf(spread, typical, own float64) float64 {
	return math.Sqrt(own*spread*spread + (1-own)*typical*typical)
}

// ownShare learns the share from some of the placebos; 0 where they do not move.
func (l learner) ownShare(p placebos, typical float64) float64 {
	stride := (len(p.at) + windowsForWeights - 1) / windowsForWeights
	n := len(p.at)/stride + 1
	sizes, spreads := make([]float64, 0, n), make([]float64, 0, n)
	for i := 0; i < len(p.at); i += stride {
		if size := l.missed(p, i); size > 0 {
			sizes, spreads = append(sizes, math.Log(size)), append(spreads, p.spread[i])
		}
	}
	best, share := math.Inf(1), 0.0
	off, scratch := make([]float64, len(sizes)), make([]float64, 0, len(sizes))
	for _, own := range ownShares {
		for i, size := range sizes {
			off[i] = size - math.Log(scaleOf(spreads[i], typical, own))
		}
		if d := deviation(off, scratch); d < best {
			best, share = d, own
		}
	}
	return share
}

// missed is how far the ticks after a placebo were from their forecasts on average; NaN where
// all are missing.
func (l learner) missed(p placebos, i int) float64 {
	sum, n := 0.0, 0.0
	for _, j := range l.ticks {
		if d := math.Abs(l.x[p.at[i]+j] - p.forecast[i*l.after+j]); !math.IsNaN(d) {
			sum, n = sum+d, n+1
		}
	}
	return sum / n
}

// mostOff is the distance from which a logarithm counts no more: an incident says nothing of
// the usual noise.
const mostOff = 1.5

// deviation is the mean distance of logarithms from their median; NaN for none.
func deviation(x, scratch []float64) float64 {
	centre, sum := stats.Median(x, scratch), 0.0
	for _, v := range x {
		sum += min(math.Abs(v-centre), mostOff)
	}
	return sum / float64(len(x))
}
