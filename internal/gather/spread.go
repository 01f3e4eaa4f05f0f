package gather

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// FetchBefore asks for the before window, and for what a histogram's buckets counted in it.
func FetchBefore(ctx context.Context, r Ranger, in watch.Input, g detector.Grid) (detector.Raw, error) {
	raw, err := Fetch(ctx, r, in, g.Window(), in.Value.Step)
	if err == nil && in.Buckets != "" && in.Whole.Label == "" {
		raw.Buckets = buckets(ctx, r, in, g.Start, g.End())
	}
	return raw, err
}

// spread are the quantiles that people are shown beside a histogram's mean. It is nil for any
// other signal, and where the store has none. Quantiles are no evidence, so failing to read
// them is no failure of the look.
func spread(ctx context.Context, r Ranger, in watch.Input, past, present detector.Raw, v View) *detector.Spread {
	var before, after detector.Quantiles
	var known, seen bool
	switch {
	case in.Whole.Label != "":
		return nil
	case in.Form == watch.FormNativeMean:
		before, known = detector.NativeQuantiles(past.Value)
		after, seen = detector.NativeQuantiles(present.Value)
	case in.Buckets != "":
		before, known = detector.ClassicQuantiles(past.Buckets)
		after, seen = detector.ClassicQuantiles(buckets(ctx, r, in, v.After.Start, v.Now))
	}
	if !known || !seen {
		return nil
	}
	return &detector.Spread{Before: before, After: after}
}

// buckets are what every edge of a classic histogram counted over a stretch of time.
func buckets(ctx context.Context, r Ranger, in watch.Input, from, to time.Time) []sources.Series {
	span := to.Sub(from).Round(time.Second)
	if span < 2*r.Resolution() {
		return nil
	}
	series, err := r.Instant(ctx, fmt.Sprintf("sum by (le) (increase(%s[%s]))", in.Buckets, model.Duration(span)), to)
	if err != nil {
		return nil
	}
	return series
}
