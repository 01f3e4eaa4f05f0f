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
	value, part := in.Value.Expr, in.Part.Expr
	if in.Whole.Label != "" {
		value, part = in.Whole.Value, in.Whole.Part
	}
	times := func(expr string) []sources.Series {
		if expr == "" {
			return nil
		}
		answer, err := r.Range(ctx, sources.Query{Expr: fmt.Sprintf("timestamp(%s)", expr), Step: in.Value.Step}, v.window())
		if err != nil {
			return nil
		}
		return answer
	}
	values := times(value)
	parts := values // bad series of counts are among all
	if in.Form != watch.FormCounts {
		parts = times(part)
	}
	missed := missedScrapes(append(slices.Clone(values), parts...), (v.Step * 98 / 100).Seconds())
	present.Value = withoutRepeated(present.Value, repeatedPoints(values, missed))
	present.Part = withoutRepeated(present.Part, repeatedPoints(parts, missed))
	return present
}

// missedScrapes says whether a sample is older by a scrape than the newest of any series at a
// point. Answers hold the times of samples, in seconds.
func missedScrapes(answer []sources.Series, scrape float64) func(sources.Sample) bool {
	newest := map[int64]float64{}
	for _, s := range answer {
		for _, p := range s.Samples {
			newest[p.T] = max(newest[p.T], p.V)
		}
	}
	return func(p sources.Sample) bool { return p.V <= newest[p.T]-scrape }
}

// repeatedPoints are, by the labels of a series without its name, which functions drop, the
// points whose sample is that of the point before and missed a scrape.
func repeatedPoints(answer []sources.Series, missed func(sources.Sample) bool) map[string]map[int64]bool {
	all := map[string]map[int64]bool{}
	for _, s := range answer {
		points := map[int64]bool{}
		for i := 1; i < len(s.Samples); i++ {
			if p := s.Samples[i]; p.V == s.Samples[i-1].V && missed(p) {
				points[p.T] = true
			}
		}
		all[detector.LabelKey(s.Labels, "__name__")] = points
	}
	return all
}

func withoutRepeated(all []sources.Series, repeated map[string]map[int64]bool) []sources.Series {
	kept := slices.Clone(all)
	for i, s := range kept {
		points := repeated[detector.LabelKey(s.Labels, "__name__")]
		if len(points) > 0 {
			kept[i].Samples = slices.DeleteFunc(slices.Clone(s.Samples), func(p sources.Sample) bool { return points[p.T] })
			kept[i].Histograms = slices.DeleteFunc(slices.Clone(s.Histograms), func(p sources.HistogramSample) bool { return points[p.T] })
		}
	}
	return kept
}
