package situation

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// Predecessor is what came before a change in its slot.
type Predecessor struct {
	Known   bool
	Change  store.Change
	Watches map[string]watch.Watch // by rule
	Order   *rollback.Order
}

// Predecessor reads what came before a change in its slot.
func (r *Reader) Predecessor(ctx context.Context, c store.Change) (Predecessor, error) {
	p, known, err := r.Store.Predecessor(ctx, c)
	if err != nil || !known {
		return Predecessor{}, err
	}
	ws, err := r.Store.WatchesOf(ctx, p.Key)
	if err != nil {
		return Predecessor{}, fmt.Errorf("reading the predecessor's watches: %w", err)
	}
	o, err := r.Order(ctx, p.Key)
	return Predecessor{Known: true, Change: p, Order: o}.WithWatches(ws), err
}

// WithWatches is the predecessor with these as its watches. A recovery watch is left
// out: it judges the rollback.
func (p Predecessor) WithWatches(ws []watch.Watch) Predecessor {
	p.Watches = map[string]watch.Watch{}
	for _, w := range ws {
		if w.After.IsZero() {
			p.Watches[w.Rule] = w
		}
	}
	return p
}

// IsEcho reports whether c is the echo of our own rollback: the deploy tool reports
// what our hook made it do. A tool that passes our key on says so itself. For any
// other tool, it is the order's target in the same slot after the order was sent.
func (p Predecessor) IsEcho(c store.Change) bool {
	if c.RollbackOf != "" {
		return true
	}
	return p.Order != nil && !p.Order.SentAt.IsZero() && p.Order.Target == c.Version &&
		!c.StartedAt.Before(p.Order.SentAt.Add(-clockSkew))
}

// clockSkew is how far a deploy tool's clock may lag behind ours.
const clockSkew = 2 * time.Minute

// cleanAfter is how long a predecessor must have run without suspicion for its own
// time to serve as a baseline.
const cleanAfter = 10 * time.Minute

// Baseline returns where the before window of c ends. A successor that lands inside
// the watch of a suspect predecessor, or soon after it began, inherits that one's
// baseline: a bad v2 must not become the baseline of v3.
func (p Predecessor) Baseline(c store.Change, r rules.Rule) time.Time {
	own := gather.BeforeEnd(c.Change, r)
	w, ok := p.Watches[r.Name]
	if !p.Known || !ok || p.isClean(w, c.StartedAt) {
		return own
	}
	return w.BaseAt
}

// isClean reports whether the predecessor's own time may serve as a baseline.
func (p Predecessor) isClean(w watch.Watch, at time.Time) bool {
	if p.Change.Standing == store.Bad || w.Grade >= detector.Suspect {
		return false
	}
	if w.State == watch.Healthy || p.Change.Standing == store.Good {
		return true
	}
	return !w.From.IsZero() && at.Sub(w.From) >= cleanAfter
}
