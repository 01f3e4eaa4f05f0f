package accuracy

import (
	"math"
	"slices"
	"sync"

	"github.com/pushback/pushback/detector/stats"
)

// mannWhitney is the rank-sum test, one-sided for a rise, by the normal
// approximation with correction for ties and continuity, as R's wilcox.test
// does beyond 50 values (Mann, Whitney 1947).
func mannWhitney(before, after []float64) float64 {
	if len(before) == 0 || len(after) == 0 {
		return 1
	}
	r := ranksPool.Get().(*ranks)
	defer ranksPool.Put(r)
	r.take(after, before)
	above, deviation := r.sum(0)
	if !(deviation > 0) {
		return 1
	}
	return stats.UpperTail((above - 0.5) / deviation)
}

// ranks are two samples in ascending order. Because they are sorted once, each shift
// needs only one pass.
type ranks struct{ x, y []float64 }

// ranksPool reuses the memory of mannWhitney, which is called at every tick.
var ranksPool = sync.Pool{New: func() any { return new(ranks) }}

func rank(x, y []float64) *ranks {
	r := new(ranks)
	r.take(x, y)
	return r
}

func (r *ranks) take(x, y []float64) {
	r.x, r.y = append(r.x[:0], x...), append(r.y[:0], y...)
	slices.Sort(r.x)
	slices.Sort(r.y)
}

// sum is the rank sum of x, shifted down by mu, minus its mean, and its standard
// deviation, which is 0 if all values are tied.
func (r *ranks) sum(mu float64) (above, deviation float64) {
	m, n := float64(len(r.x)), float64(len(r.y))
	total, ties := 0.0, 0.0
	for i, j := 0, 0; i < len(r.x) || j < len(r.y); {
		first, ours := i+j, i
		v := r.least(i, j, mu)
		for i < len(r.x) && r.x[i]-mu == v {
			i++
		}
		for j < len(r.y) && r.y[j] == v {
			j++
		}
		tied := float64(i + j - first)
		total += float64(i-ours) * float64(first+i+j+1) / 2
		ties += tied*tied*tied - tied
	}
	return total - m*(m+1)/2 - m*n/2, math.Sqrt(m * n / 12 * (m + n + 1 - ties/((m+n)*(m+n-1))))
}

// least is the smaller of the next of x and the next of y.
func (r *ranks) least(i, j int, mu float64) float64 {
	if j == len(r.y) || i < len(r.x) && r.x[i]-mu < r.y[j] {
		return r.x[i] - mu
	}
	return r.y[j]
}

// difference is the standardised rank sum of x shifted down by mu, minus a quantile. The
// continuity correction moves it towards zero.
func (r *ranks) difference(mu, quantile float64) float64 {
	z, deviation := r.sum(mu)
	return (z-math.Copysign(min(0.5, math.Abs(z)), z))/deviation - quantile
}
