package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

const (
	// profileRetry keeps a store that cannot serve history from being asked
	// for it at every look.
	profileRetry = time.Minute
	// learners is how many lessons run at once that a look has asked for.
	learners = 2
)

// lesson is one profile to be learned.
type lesson struct {
	name   string
	plan   detector.Plan
	signal detector.Signal
	input  watch.Input
	span   time.Duration
	end    time.Time

	service, environment string // whose bad stretches to leave out
}

// ask queues a lesson unless it is under way or has just failed. A full queue
// drops it: the next look asks again.
func (k *profileKeeper) ask(l lesson) {
	now := k.engine.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Before(k.asked[l.name]) {
		return
	}
	select {
	case k.requests <- l:
		k.asked[l.name] = now.Add(profileRetry)
	default:
	}
}

// run learns until ctx ends.
func (k *profileKeeper) run(ctx context.Context) error {
	var under sync.WaitGroup
	defer under.Wait()
	under.Go(func() { k.followRules(ctx) })
	for range learners {
		under.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case l := <-k.requests:
					_ = k.learn(ctx, l) // logged; the next look asks again
				}
			}
		})
	}
	return nil
}

// learn fetches the history of one signal, learns from it and keeps what it
// learned.
func (k *profileKeeper) learn(ctx context.Context, l lesson) error {
	began := k.engine.Now()
	history, err := k.engine.history(ctx, l)
	if err == nil {
		p := detector.Learn(l.plan, l.signal, history)
		_, err = k.engine.Store.PutProfile(ctx, l.name, p, began)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	k.engine.Telemetry.learned(k.engine.Now().Sub(began), err)
	if err != nil {
		k.engine.Log.Warn("profile not learned", "rule", l.plan.Rule, "signal", l.signal.Name, "service", l.service, "error", err)
		return err
	}
	k.note(l.name, began)
	return nil
}

// history fetches the ticks that end with a change's before window.
func (e *Engine) history(ctx context.Context, l lesson) (detector.History, error) {
	ranger, err := e.storeOf(l.input)
	if err != nil {
		return detector.History{}, fmt.Errorf("fetching history: %w", err)
	}
	h, err := gather.History(ctx, ranger, l.plan, l.input, l.span, l.end)
	if err != nil {
		return h, err
	}
	h.Mask, err = e.mask(ctx, l, h.Start)
	return h, err
}

// mask are the stretches of a history that a change judged bad has touched,
// from its start until the change that put it right was through, and those
// that people called an incident.
func (e *Engine) mask(ctx context.Context, l lesson, from time.Time) ([]sources.Window, error) {
	bad, err := e.Store.Masked(ctx, l.service, l.environment, from, l.end)
	if err != nil {
		return nil, fmt.Errorf("finding bad stretches: %w", err)
	}
	return bad, nil
}
