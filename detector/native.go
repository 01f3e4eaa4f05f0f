package detector

import (
	"math"

	"github.com/pushback/pushback/sources"
)

// growth is what native histograms have grown by, a tick.
type growth struct{ count, sum, above Values }

// native adds up the growth of native histograms under the rules of
// increases. A smaller count is a restart, whatever the buckets show.
func native(ss []sources.Series, edge float64, g Grid) growth {
	n := growth{count: g.missing(), sum: g.missing(), above: g.missing()}
	first := first(ss)
	for _, s := range ss {
		var last sources.HistogramSample
		known := false
		for _, h := range s.Histograms {
			if !known && h.T > first || h.Count < last.Count {
				last, known = sources.HistogramSample{}, true
			}
			if at := g.place(h.T); known && at >= 0 && at < g.N {
				n.count[at] = plus(n.count[at], h.Count-last.Count)
				n.sum[at] = plus(n.sum[at], h.Sum-last.Sum)
				n.above[at] = plus(n.above[at], max(above(h, edge)-above(last, edge), 0))
			}
			last, known = h, true
		}
	}
	return n
}

// above is how many observations lie over the edge. Within the bucket that
// holds it they are taken to lie evenly on a logarithmic scale, as Prometheus
// does for native histograms, or evenly where the bucket spans zero.
func above(h sources.HistogramSample, edge float64) float64 {
	sum := 0.0
	for _, b := range h.Buckets {
		switch {
		case b.Lower >= edge:
			sum += b.Count
		case b.Upper > edge:
			sum += b.Count * upperShare(b, edge)
		}
	}
	return sum
}

// upperShare is the part of a bucket's observations taken to lie over edge.
func upperShare(b sources.Bucket, edge float64) float64 {
	switch {
	case math.IsInf(b.Upper, +1):
		return 1
	case math.IsInf(b.Lower, -1):
		return 0
	case b.Lower > 0:
		return math.Log(b.Upper/edge) / math.Log(b.Upper/b.Lower)
	}
	return (b.Upper - edge) / (b.Upper - b.Lower)
}
