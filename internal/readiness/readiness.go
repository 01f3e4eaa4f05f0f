// Package readiness says from when on changes of a service can be judged: a metric store that was
// set up an hour ago has no history to compare a latency with, and errors can be judged at once.
//
// Of asks the metric store for the newest history of each signal that a rule has data for;
// detector.Ready decides. Both `pushback doctor` and whoever writes first rules show it.
package readiness

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// newest is how much history is asked for: twice what a scan needs, so that a history with gaps
// is enough too.
const newest = 2 * detector.MinHistory

// Signal is the readiness of one signal of a rule for a service.
type Signal struct {
	Rule    string `json:"rule"`
	Service string `json:"service"`
	Signal  string `json:"signal"` // "errors", "latency.mean"
	detector.Readiness

	Never string `json:"never,omitempty"` // what the rule says that keeps it from ever being judged in full
}

// Of returns the readiness of every signal of a rule that has data for its service; none where the
// catalogue has no labels for the service. store is the metric store's name in pushback.yml. The
// error is the store's.
func Of(ctx context.Context, r gather.Ranger, store string, b rules.Bound, service string, now time.Time) ([]Signal, error) {
	now = now.Add(-r.Latency())
	plan, inputs, err := gather.Resolve(ctx, r, store, b, now)
	if err != nil {
		return nil, err
	}
	var all []Signal
	for i, in := range inputs {
		s := plan.Signals[i]
		if s.Part != "" || s.Of != "" || in.Value.Expr == "" && in.Whole.Value == "" {
			continue
		}
		ready, err := of(ctx, r, plan.On(s), s, in, now)
		if err != nil {
			return all, fmt.Errorf("rule %s, signal %s, service %s: %w", b.Rule().Name, s.Name, service, err)
		}
		all = append(all, Signal{
			Rule: b.Rule().Name, Service: service, Signal: s.Name, Readiness: ready, Never: never(b.Rule(), s),
		})
	}
	return all, nil
}

func of(ctx context.Context, r gather.Ranger, p detector.Plan, s detector.Signal, in watch.Input, now time.Time) (detector.Readiness, error) {
	span := newest
	if s.Kind == detector.Counts {
		span = time.Duration(p.Before) * p.Tick
	}
	h, err := gather.History(ctx, r, p, in, span, now)
	if err != nil {
		return detector.Readiness{}, err
	}
	return detector.Ready(p, s, h.Ticks, now), nil
}

// never says why a level is never judged in full under a rule, however long one waits.
func never(r rules.Rule, s detector.Signal) string {
	if s.Kind == detector.Level && r.History < detector.MinHistory {
		return "the rule's history is shorter than the 6 h that a level needs: write history: 14d"
	}
	return ""
}
