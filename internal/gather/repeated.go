package gather

import (
	"context"
	"fmt"
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// dropRepeated drops the points at which the store only repeated an older sample of a series
// that was gone. Prometheus does so for five minutes, and the series looks as if nothing was
// counted. The store is asked for the times of the samples only where a reading has far
// fewer events than usual, or a series stands still that usually counts. What cannot be asked
// is taken as it is.
//
// See adr/0057.
func dropRepeated(ctx context.Context, r Ranger, in watch.Input, present detector.Raw, v View) detector.Raw {
	expr := in.Value.Expr
	if in.Whole.Label != "" {
		expr = in.Whole.Value
	}
	window := sources.Window{From: v.After.Start.Add(-v.After.Tick), To: v.Now}
	answer, err := r.Range(ctx, sources.Query{Expr: fmt.Sprintf("timestamp(%s)", expr), Step: in.Value.Step}, window)
	if err != nil || len(answer) == 0 {
		return present
	}
	repeated := repeatedPoints(answer, (v.Step * 98 / 100).Seconds())
	cut := func(all []sources.Series) []sources.Series {
		kept := slices.Clone(all)
		for i, s := range kept {
			kept[i] = withoutPoints(s, repeated[detector.LabelKey(s.Labels, "__name__")])
		}
		return kept
	}
	present.Value, present.Part = cut(present.Value), cut(present.Part)
	return present
}

// repeatedPoints are, by the labels of a series without its name, which functions drop, the
// points whose sample is that of the point before, while another series has one that is newer
// by a scrape. The values of the answer are the times of samples, in seconds.
func repeatedPoints(answer []sources.Series, scrape float64) map[string]map[int64]bool {
	newest := map[int64]float64{}
	for _, s := range answer {
		for _, p := range s.Samples {
			newest[p.T] = max(newest[p.T], p.V)
		}
	}
	all := map[string]map[int64]bool{}
	for _, s := range answer {
		points := map[int64]bool{}
		for i := 1; i < len(s.Samples); i++ {
			if p := s.Samples[i]; p.V == s.Samples[i-1].V && p.V <= newest[p.T]-scrape {
				points[p.T] = true
			}
		}
		all[detector.LabelKey(s.Labels, "__name__")] = points
	}
	return all
}

func withoutPoints(s sources.Series, points map[int64]bool) sources.Series {
	if len(points) == 0 {
		return s
	}
	s.Samples = slices.DeleteFunc(slices.Clone(s.Samples), func(p sources.Sample) bool { return points[p.T] })
	s.Histograms = slices.DeleteFunc(slices.Clone(s.Histograms), func(p sources.HistogramSample) bool { return points[p.T] })
	return s
}
