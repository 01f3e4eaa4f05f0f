package gather

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// maxTicks bounds one history: over two weeks of minutes, and seven hours of
// seconds, which is more than a scan needs.
const maxTicks = 7 * 60 * 60

// History fetches the ticks of one signal that end at a moment, as many as fit into span.
// The caller fills in Mask and Good.
func History(ctx context.Context, r Ranger, p detector.Plan, in watch.Input, span time.Duration, end time.Time) (detector.History, error) {
	n := min(int(span/p.Tick), maxTicks)
	g := detector.Grid{Start: end.Add(-time.Duration(n) * p.Tick), Tick: p.Tick, N: n}
	if in.Combine.Single() {
		in.Combine = detector.OneOnly // a tick with several series says nothing of what one usually does
	}
	raw, err := Fetch(ctx, r, in, g.Window(), g.Tick)
	if err != nil {
		return detector.History{}, fmt.Errorf("fetching history: %w", err)
	}
	ticks := detector.TabulateHistory(raw, g, p.Before)
	if err := dropIdleTicks(ctx, r, in, g.Window(), []detector.Grid{g}, &ticks); err != nil {
		return detector.History{}, fmt.Errorf("fetching history: %w", err)
	}
	h := detector.History{Start: g.Start, Ticks: ticks}
	if raw.Control != nil {
		h.Control = detector.Tabulate(*raw.Control, g).Value
	}
	return h, nil
}

// Examples are good changes of the past as the detector learns from them. rollout is that of
// changes whose tool reports only their end.
func Examples(good []sources.Change, rollout time.Duration) []detector.GoodChange {
	var examples []detector.GoodChange
	for _, c := range good {
		examples = append(examples, detector.GoodChange{BaseAt: BeforeEnd(c, rules.Rule{Rollout: rollout}), FinishedAt: c.FinishedAt})
	}
	return examples
}
