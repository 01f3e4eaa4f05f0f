package gather

import (
	"context"
	"fmt"
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// dropRepeated drops the points at which the store only repeated the last sample of a series
// that is gone. Prometheus does so for five minutes, and the series looks as if nothing was
// counted. The store is asked for the times of the newest samples only where a reading has far
// fewer events than usual. What cannot be asked is taken as it is.
//
// See adr/0057.
func dropRepeated(ctx context.Context, r Ranger, in watch.Input, present detector.Raw, v View) detector.Raw {
	expr := in.Value.Expr
	if in.Whole.Label != "" {
		expr = in.Whole.Value
	}
	newest, err := r.Instant(ctx, fmt.Sprintf("timestamp(%s)", expr), v.Now)
	if err != nil || len(newest) == 0 {
		return present
	}
	times, last := map[string]int64{}, int64(0) // by labels without the name, which functions drop
	for _, s := range newest {
		if n := len(s.Samples); n > 0 {
			at := int64(1000 * s.Samples[n-1].V)
			times[detector.LabelKey(s.Labels, "__name__")], last = at, max(last, at)
		}
	}
	ended := last - (v.Step * 98 / 100).Milliseconds() // a scrape was missed
	cut := func(all []sources.Series) []sources.Series {
		kept := slices.Clone(all)
		for i, s := range kept {
			if at, ok := times[detector.LabelKey(s.Labels, "__name__")]; !ok {
				kept[i] = withoutRepeats(s)
			} else if at <= ended {
				kept[i] = until(s, at+v.Step.Milliseconds()/2)
			}
		}
		return kept
	}
	present.Value, present.Part = cut(present.Value), cut(present.Part)
	return present
}

// withoutRepeats is a series that is not there any more, without the repetitions at its end.
func withoutRepeats(s sources.Series) sources.Series {
	n := len(s.Samples)
	for n > 1 && s.Samples[n-1].V == s.Samples[n-2].V {
		n--
	}
	s.Samples = s.Samples[:n:n]
	return s
}

// until is a series up to a time.
func until(s sources.Series, at int64) sources.Series {
	s.Samples = slices.DeleteFunc(slices.Clone(s.Samples), func(p sources.Sample) bool { return p.T > at })
	s.Histograms = slices.DeleteFunc(slices.Clone(s.Histograms), func(p sources.HistogramSample) bool { return p.T > at })
	return s
}
