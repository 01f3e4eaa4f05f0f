package gather

import (
	"context"
	"math"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// followHistogram reads a histogram that a release changed: whose bucket edges are others, or
// that is native now and was classic, or the other way round. It returns the
// series in the other kind. Extra questions are asked only where the numbers look as
// if that had happened.
func followHistogram(ctx context.Context, r Ranger, in watch.Input, present detector.Raw, v View, reading *detector.Reading) ([]sources.Series, error) {
	if in.Edges != "" && detector.EdgeDoubtful(present) {
		if err := followEdges(ctx, r, in, v, reading); err != nil {
			return nil, err
		}
	}
	if in.Other == nil || in.Whole.Label != "" || !silent(*reading) {
		return nil, nil
	}
	other, err := Fetch(ctx, r, in.OtherInput(), v.window(), in.Value.Step)
	if err != nil {
		return nil, err
	}
	after, running := detector.Tabulate(other, v.After), detector.Tabulate(other, v.After.Running(v.Now))
	if finite(after.Value)+finite(running.Value) == 0 {
		return nil, nil
	}
	if in.Form == watch.FormSlow || in.Form == watch.FormNativeSlow {
		reading.BucketsChanged = true
	} else {
		fill(reading.After.Value, after.Value)
		fill(reading.Running.Value, running.Value)
	}
	return other.Value, nil
}

// silent reports whether the newest ticks of a reading show no events.
func silent(r detector.Reading) bool {
	n := len(r.After.Value)
	return finite(r.Running.Value) == 0 && (n == 0 || math.IsNaN(r.After.Value[n-1]))
}

func finite(values detector.Values) int {
	n := 0
	for _, x := range values {
		if !math.IsNaN(x) {
			n++
		}
	}
	return n
}

// fill fills in the ticks that are missing.
func fill(values, other detector.Values) {
	for i, x := range values {
		if math.IsNaN(x) && i < len(other) {
			values[i] = other[i]
		}
	}
}
