package gather

import (
	"context"
	"math"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// atWork leaves the ticks out of each grid in which the signal's `only_if` had
// no value, or the value 0. What a queue's consumers do while the queue is
// empty says nothing about them, neither before a change nor after it. The
// series behind the ticks are left alone: a signal without work is not lost.
func atWork(ctx context.Context, r Ranger, in watch.Input, w sources.Window, grids []detector.Grid, all ...*detector.Ticks) error {
	if in.OnlyIf.Expr == "" {
		return nil
	}
	series, err := r.Range(ctx, in.OnlyIf, w)
	if err != nil {
		return err
	}
	for i, g := range grids {
		work := detector.Tabulate(detector.Raw{Form: detector.FormLevel, Value: series}, g).Value
		for at, v := range work {
			if math.IsNaN(v) || v == 0 {
				leaveOut(all[i], at)
			}
		}
	}
	return nil
}

func leaveOut(t *detector.Ticks, at int) {
	for _, values := range []detector.Values{t.Value, t.Bad, t.Total} {
		if at < len(values) {
			values[at] = math.NaN()
		}
	}
}
