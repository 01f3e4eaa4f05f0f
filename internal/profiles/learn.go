package profiles

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// requestRetry is how long a look waits before it requests a profile again: a
// store that cannot serve history is not asked for it at every look.
const requestRetry = time.Minute

// Request is one profile to be learned: of one signal, from the span of history
// that ends at end.
type Request struct {
	plan   detector.Plan
	signal detector.Signal
	input  watch.Input
	span   time.Duration
	end    time.Time

	rollout              time.Duration // of changes whose tool reports only their end
	service, environment string        // whose bad stretches are left out

	name  string // the profile's; see choose
	other string // its name if it were shared, or the service's own

	asked time.Time // when a look asked for it
}

// enqueue queues a request unless it is under way or has just failed. A full queue
// drops it: the next look asks again.
func (k *Keeper) enqueue(l Request) {
	now := k.Now()
	if _, wait := k.retryAt.get(l.name, now); wait {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.requested[l.name] {
		return
	}
	l.asked = now
	select {
	case k.requests <- l:
		k.requested[l.name] = true
	default:
	}
}

// ended notes that a request was served, or could not be.
func (k *Keeper) ended(l Request) {
	k.retryAt.put(l.name, struct{}{}, 0, k.Now())
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.requested, l.name)
}

// Pending returns how many requested profiles wait to be learned.
func (k *Keeper) Pending() int { return len(k.requests) }

// LearnPending waits for a request and learns its profile. The error, which is
// logged, is that of a store.
func (k *Keeper) LearnPending(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case l := <-k.requests:
		defer k.ended(l)
		return k.learn(ctx, l, l.asked)
	}
}

// Run learns until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	var under sync.WaitGroup
	defer under.Wait()
	under.Go(func() { k.followRules(ctx) })
	for ctx.Err() == nil {
		_ = k.LearnPending(ctx) // logged; the next look requests it again
	}
	return nil
}

// learn learns a profile when it is its turn, unless it was learned since a moment.
func (k *Keeper) learn(ctx context.Context, l Request, since time.Time) error {
	return k.inTurn(ctx, func() error {
		_, learned, err := k.Store.NewestProfile(ctx, l.name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && !learned.Before(since) {
			outdated, err := k.outdated(ctx, l, learned)
			if err != nil || !outdated {
				k.byName.drop(l.name)
				k.noteWanted(l, learned)
				return err
			}
		}
		k.noteWanted(l, learned)
		return k.learnNow(ctx, l)
	})
}

// learnNow fetches the history of one signal, learns from it and stores the profile.
func (k *Keeper) learnNow(ctx context.Context, l Request) error {
	began := k.Now()
	l, history, err := k.history(ctx, l)
	if err == nil {
		p := detector.Learn(l.plan, l.signal, history)
		_, err = k.Store.PutProfile(ctx, l.name, p, began)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	k.Learned(k.Now().Sub(began), err)
	if err != nil {
		k.Log.Warn("cannot learn a profile; changes are judged without a fresh one", "rule", l.plan.Rule, "signal", l.signal.Name, "service", l.service, "error", err)
		return err
	}
	k.byName.drop(l.name)
	k.noteLearned(l.name, began)
	return nil
}

// history fetches the ticks up to the request's end, with the stretches to leave out. The
// request is named after the good changes of this moment, which the profile is learned with.
func (k *Keeper) history(ctx context.Context, l Request) (Request, detector.History, error) {
	ranger, err := k.metricStore(l.input.Store)
	if err != nil {
		return l, detector.History{}, fmt.Errorf("fetching history: %w", err)
	}
	good, err := k.goodChanges(ctx, l.service, l.environment, l.span, l.end)
	if err != nil {
		return l, detector.History{}, err
	}
	l = l.named(hasShape(good))
	h, err := gather.History(ctx, ranger, l.plan, l.input, l.span, l.end)
	if err != nil {
		return l, h, err
	}
	h.Mask, err = k.excluded(ctx, l, h.Start)
	h.Good = gather.Examples(good, l.rollout)
	return l, h, err
}

// excluded returns the stretches of a history in which a bad version was live, from
// its start until the change that replaced it was through, and those that people
// declared an incident.
func (k *Keeper) excluded(ctx context.Context, l Request, from time.Time) ([]sources.Window, error) {
	bad, err := k.Store.MaskedWindows(ctx, l.service, l.environment, from, l.end)
	if err != nil {
		return nil, fmt.Errorf("reading bad stretches: %w", err)
	}
	return bad, nil
}

// outdated reports whether an incident within the request's history was declared or
// removed after the profile was learned.
func (k *Keeper) outdated(ctx context.Context, l Request, learned time.Time) (bool, error) {
	changed, err := k.Store.IncidentsChanged(ctx, l.service, l.environment, l.end.Add(-l.span), l.end)
	return learned.Before(changed), err
}

// metricStore returns a metric store by name. An earlier run may have known it under
// another pushback.yml.
func (k *Keeper) metricStore(name string) (gather.Ranger, error) {
	ranger, ok := k.Metrics[name]
	if !ok {
		return nil, &sources.Fault{Kind: sources.SourceError, Store: name, Err: errors.New("no such metric store in pushback.yml")}
	}
	return ranger, nil
}
