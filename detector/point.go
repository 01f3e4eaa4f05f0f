package detector

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/pushback/pushback/sources"
)

// point is one sample of a counter.
type point struct {
	t int64
	v float64
}

// pointSeries is one counter as points. beside are those of another counter of the same
// histogram at the same times: its sum, its bucket, or its events over the edge; nil where
// the counter stands alone.
type pointSeries struct {
	labels map[string]string
	points []point
	beside []point
}

// plainSeries are counters that stand alone.
func plainSeries(ss []sources.Series) []pointSeries {
	all := make([]pointSeries, 0, len(ss))
	for _, s := range ss {
		points := make([]point, 0, len(s.Samples))
		for _, p := range s.Samples {
			if !math.IsNaN(p.V) {
				points = append(points, point{t: p.T, v: p.V})
			}
		}
		all = append(all, pointSeries{labels: s.Labels, points: points})
	}
	return all
}

// pairedSeries pairs the counters of one histogram: all of its events, and another counter
// beside them. What has no partner is left out, so that a pod without the chosen bucket
// leaves the total too.
func pairedSeries(counts, beside []sources.Series) []pointSeries {
	partners := map[string][]sources.Series{}
	for _, s := range beside {
		key := histogramKey(s.Labels)
		partners[key] = append(partners[key], s)
	}
	taken := map[string]int{}
	var all []pointSeries
	for _, s := range counts {
		key := histogramKey(s.Labels)
		of := partners[key]
		if len(of) == 0 {
			continue
		}
		if i := taken[key]; len(s.Labels) == 0 && i < len(of) { // series of a query without labels pair in their order
			of, taken[key] = of[i:i+1], i+1
		}
		all = append(all, joinPoints(s, of))
	}
	return all
}

// histogramKey names the histogram that a series belongs to. The edge is no part of it:
// le="1" and le="1.0" are two spellings of the same bucket.
func histogramKey(labels map[string]string) string {
	return LabelKey(labels, "__name__", "le")
}

// LabelKey writes labels in their order, without some of them: equal labels have equal keys.
func LabelKey(labels map[string]string, without ...string) string {
	parts := make([]string, 0, len(labels))
	for name, value := range labels {
		if !slices.Contains(without, name) {
			parts = append(parts, name+"\xff"+value)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "\xfe")
}

// labelsOfKey are the labels of which a text is the LabelKey.
func labelsOfKey(key string) map[string]string {
	labels := map[string]string{}
	for part := range strings.SplitSeq(key, "\xfe") {
		if name, value, ok := strings.Cut(part, "\xff"); ok {
			labels[name] = value
		}
	}
	return labels
}

// labelKeys are the keys of several series, in their order.
func labelKeys(all []sources.Series) []string {
	keys := make([]string, len(all))
	for i, s := range all {
		keys[i] = LabelKey(s.Labels)
	}
	return keys
}

// joinPoints are the samples of a counter at the times at which one of its partners has a
// sample too. Where two have, they are spellings of one bucket, and the higher one is taken.
func joinPoints(s sources.Series, partners []sources.Series) pointSeries {
	next := make([]int, len(partners))
	joined := pointSeries{s.Labels, make([]point, 0, len(s.Samples)), make([]point, 0, len(s.Samples))}
	for _, p := range s.Samples {
		beside := math.NaN()
		for k, other := range partners {
			for next[k] < len(other.Samples) && other.Samples[next[k]].T < p.T {
				next[k]++
			}
			if i := next[k]; i < len(other.Samples) && other.Samples[i].T == p.T && !(other.Samples[i].V <= beside) {
				beside = other.Samples[i].V
			}
		}
		if !math.IsNaN(p.V) && !math.IsNaN(beside) {
			joined.points = append(joined.points, point{p.T, p.V})
			joined.beside = append(joined.beside, point{p.T, beside})
		}
	}
	return joined
}

// nativeSeries are native histograms by their counts, with what beside gives of each.
func nativeSeries(ss []sources.Series, beside func(sources.HistogramSample) float64) []pointSeries {
	all := make([]pointSeries, 0, len(ss))
	for _, s := range ss {
		n := len(s.Histograms)
		of := pointSeries{s.Labels, make([]point, 0, n), make([]point, 0, n)}
		for _, h := range s.Histograms {
			if !math.IsNaN(h.Count) {
				of.points = append(of.points, point{h.T, h.Count})
				of.beside = append(of.beside, point{h.T, beside(h)})
			}
		}
		all = append(all, of)
	}
	return all
}

// at is the place of the first point at t or later.
func (s pointSeries) at(t int64) int {
	i, _ := slices.BinarySearchFunc(s.points, t, func(p point, t int64) int { return cmp.Compare(p.t, t) })
	return i
}

// firstPoint is the time of the oldest sample of any series: where the signal's known life
// begins.
func firstPoint(all []pointSeries) int64 {
	oldest := int64(math.MaxInt64)
	for _, s := range all {
		if len(s.points) > 0 {
			oldest = min(oldest, s.points[0].t)
		}
	}
	return oldest
}
