package gather

import (
	"context"
	"math"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// dropIdleTicks drops the ticks of each grid in which the signal's `only_if` had no value, or
// the value 0: a queue's consumers cannot be judged while the queue is empty. Of several series,
// such as one a partition, one with work is enough. The series
// behind the ticks are left alone, because a signal without work is not lost.
func dropIdleTicks(ctx context.Context, r Ranger, in watch.Input, w sources.Window, grids []detector.Grid, all ...*detector.Ticks) error {
	if in.OnlyIf.Expr == "" {
		return nil
	}
	series, err := r.Range(ctx, in.OnlyIf, w)
	if err != nil {
		return err
	}
	for i, g := range grids {
		highest := detector.Tabulate(detector.Raw{Form: detector.FormLevel, Combine: detector.Max, Value: series}, g).Value
		lowest := detector.Tabulate(detector.Raw{Form: detector.FormLevel, Combine: detector.Min, Value: series}, g).Value
		for at, v := range highest {
			if math.IsNaN(v) || v == 0 && lowest[at] == 0 {
				clearTick(all[i], at)
			}
		}
	}
	return nil
}

func clearTick(t *detector.Ticks, at int) {
	if at < len(t.Value) {
		t.Idle = append(t.Idle, at)
	}
	for _, values := range []detector.Values{t.Value, t.Bad, t.Total} {
		if at < len(values) {
			values[at] = math.NaN()
		}
	}
}
