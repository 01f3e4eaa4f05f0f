package detector

import "math"

// scanLengths are the k over which residuals are averaged: a regression may
// be a spike or a slow rise, and each is clearest at its own scale.
var scanLengths = [...]int{1, 2, 3, 5, 10, 20, 30}

// clipAt is where residuals are bent to a logarithm, so that one wild tick
// cannot make a verdict alone but a wilder one still counts for more.
const clipAt = 5

// residual is how far the value a lies from its forecast in the direction d,
// in units of σ, softly clipped. NaN for a missing tick.
func residual(a, forecast, scale, d float64) float64 {
	r := d * (a - forecast) / scale
	if size := math.Abs(r); size > clipAt {
		return math.Copysign(clipAt*(1+math.Log(size/clipAt)), r)
	}
	return r
}

// scanner follows the mean of the last k residuals for every k at once.
// Missing ticks are left out of the means; a mean needs half its ticks.
type scanner struct {
	sums  []float64 // running sums, sums[0] = 0
	seen  []int     // how many of them had a value
	means [len(scanLengths)]float64
}

func newScanner(after int) *scanner {
	return &scanner{sums: make([]float64, 1, after+1), seen: make([]int, 1, after+1)}
}

func (s *scanner) reset() { s.sums, s.seen = s.sums[:1], s.seen[:1] }

// add takes the next residual and returns Z_{t,k} in the order of
// scanLengths, −Inf where k > t or too much is missing.
func (s *scanner) add(r float64) *[len(scanLengths)]float64 {
	t := len(s.sums)
	sum, seen := s.sums[t-1], s.seen[t-1]
	if !math.IsNaN(r) {
		sum, seen = sum+r, seen+1
	}
	s.sums, s.seen = append(s.sums, sum), append(s.seen, seen)
	for i, k := range scanLengths {
		s.means[i] = math.Inf(-1)
		if k > t {
			continue
		}
		if n := seen - s.seen[t-k]; 2*n >= k && n > 0 {
			s.means[i] = (sum - s.sums[t-k]) / float64(n)
		}
	}
	return &s.means
}

// fitting is how many of scanLengths fit into a horizon.
func fitting(after int) int {
	n := 0
	for n < len(scanLengths) && scanLengths[n] <= after {
		n++
	}
	return n
}
