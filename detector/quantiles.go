package detector

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/pushback/pushback/sources"
)

// Quantiles are those of a histogram over some time, in its unit. They are for
// people and decide nothing: quantiles cannot be averaged, move in steps of
// buckets, and hide what happens beyond the highest edge. One that lies there
// is Highest, and at least that.
type Quantiles struct {
	P50     float64 `json:"p50"`
	P90     float64 `json:"p90"`
	P99     float64 `json:"p99"`
	Highest float64 `json:"highest,omitempty"` // the highest finite edge of a classic histogram
}

// Spread is a histogram's quantiles before and after a change.
type Spread struct {
	Before Quantiles `json:"before"`
	After  Quantiles `json:"after"`
}

// ClassicQuantiles reads the answer to sum by (le) (increase(…_bucket[…])): one
// series an edge, its newest value the events up to it. False where nothing
// happened or the answer is none of that kind.
func ClassicQuantiles(ss []sources.Series) (Quantiles, bool) {
	type edge struct{ le, count float64 }
	var edges []edge
	for _, s := range ss {
		le, err := strconv.ParseFloat(s.Labels["le"], 64)
		if n := len(s.Samples); err == nil && n > 0 && s.Samples[n-1].V >= 0 {
			if i := slices.IndexFunc(edges, func(e edge) bool { return e.le == le }); i >= 0 {
				edges[i].count += s.Samples[n-1].V // the same edge in another spelling, from other pods
				continue
			}
			edges = append(edges, edge{le, s.Samples[n-1].V})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Compare(a.le, b.le) })
	buckets, below, from := make([]sources.Bucket, 0, len(edges)), 0.0, 0.0
	for _, e := range edges {
		lower := from
		if len(buckets) == 0 && e.le <= 0 {
			lower = e.le // nothing says where it begins
		}
		buckets = append(buckets, sources.Bucket{Lower: lower, Upper: e.le, Count: max(e.count-below, 0)})
		below, from = max(below, e.count), e.le
	}
	return quantilesOf(buckets, func(b sources.Bucket, share float64) float64 { return b.Lower + share*(b.Upper-b.Lower) })
}

// NativeQuantiles adds up what native histograms have grown by over their
// samples, restarts as in increases.
func NativeQuantiles(ss []sources.Series) (Quantiles, bool) {
	grown := map[[2]float64]float64{}
	add := func(h sources.HistogramSample, sign float64) {
		for _, b := range h.Buckets {
			grown[[2]float64{b.Lower, b.Upper}] += sign * b.Count
		}
	}
	for _, s := range ss {
		for i := 1; i < len(s.Histograms); i++ {
			add(s.Histograms[i], +1)
			if s.Histograms[i].Count >= s.Histograms[i-1].Count {
				add(s.Histograms[i-1], -1)
			}
		}
	}
	var buckets []sources.Bucket
	for edges, count := range grown {
		if count > 0 {
			buckets = append(buckets, sources.Bucket{Lower: edges[0], Upper: edges[1], Count: count})
		}
	}
	slices.SortFunc(buckets, func(a, b sources.Bucket) int { return cmp.Compare(a.Upper, b.Upper) })
	q, ok := quantilesOf(buckets, func(b sources.Bucket, share float64) float64 {
		if b.Lower > 0 {
			return b.Lower * math.Pow(b.Upper/b.Lower, share)
		}
		return b.Lower + share*(b.Upper-b.Lower)
	})
	q.Highest = 0 // there is always a bucket above
	return q, ok
}

// quantilesOf finds the quantiles in ascending buckets; within says where a
// share of a bucket's events ends.
func quantilesOf(buckets []sources.Bucket, within func(b sources.Bucket, share float64) float64) (q Quantiles, ok bool) {
	total := 0.0
	for _, b := range buckets {
		total += b.Count
		if !math.IsInf(b.Upper, +1) {
			q.Highest = b.Upper
		}
	}
	if !(total > 0) || math.IsInf(total, 0) {
		return Quantiles{}, false
	}
	for share, to := range map[float64]*float64{0.5: &q.P50, 0.9: &q.P90, 0.99: &q.P99} {
		*to = finiteOrZero(quantile(buckets, share*total, q.Highest, within))
	}
	return q, true
}

func quantile(buckets []sources.Bucket, rank, highest float64, within func(b sources.Bucket, share float64) float64) float64 {
	for _, b := range buckets {
		if rank > b.Count {
			rank -= b.Count
			continue
		}
		if math.IsInf(b.Upper, 0) || math.IsInf(b.Lower, 0) {
			return highest
		}
		return within(b, rank/max(b.Count, math.SmallestNonzeroFloat64))
	}
	return highest
}
