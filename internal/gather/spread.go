package gather

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// spreadOf are the quantiles that people are shown beside a histogram's mean. They are nil for any
// other signal, and where the store has none. Quantiles are no evidence, so failing to read
// them is no failure of the look.
func (b *Before) spreadOf(ctx context.Context, r Ranger, in watch.Input, present detector.Raw, reading detector.Reading, v View) *detector.Spread {
	if !b.known {
		return nil
	}
	if in.Form == watch.FormNativeMean {
		after, seen := detector.NativeQuantiles(present.Value)
		return spread(b.quantiles, after, seen)
	}
	span := v.Now.Sub(v.After.Start)
	if b.spread == nil || v.Final || span >= b.span*grownSpan/4 || beyond(reading) {
		after, seen := detector.ClassicQuantiles(buckets(ctx, r, in, v.After.Start, v.Now))
		b.spread, b.span = spread(b.quantiles, after, seen), span
	}
	return b.spread
}

// grownSpan is by how many quarters the window after a change grows until quantiles are asked for
// again.
const grownSpan = 5

func spread(before, after detector.Quantiles, seen bool) *detector.Spread {
	if !seen {
		return nil
	}
	return &detector.Spread{Before: before, After: after}
}

// beyond reports whether the signal is beyond what it was before the change in one of its newest ticks:
// then people may soon look at it.
func beyond(r detector.Reading) bool {
	least, most := math.Inf(+1), math.Inf(-1)
	for _, x := range r.Before.Value {
		if !math.IsNaN(x) {
			least, most = min(least, x), max(most, x)
		}
	}
	newest := r.After.Value[max(0, len(r.After.Value)-2):]
	return slices.ContainsFunc(slices.Concat(newest, r.Running.Value), func(x float64) bool { return x < least || x > most })
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
