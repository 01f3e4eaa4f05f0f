package detector

import (
	"math"

	"github.com/pushback/pushback/sources"
)

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
