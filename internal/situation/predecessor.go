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

	echo     bool                   // the predecessor is itself the echo of a rollback, of the change's own version
	recovery map[string]watch.Watch // of our own rollback of it, by rule
	before   string                 // the version that was live before it, where it is bad or under suspicion
	undone   *Predecessor           // what was rolled back last before the change: this one, or the one whose echo this one is
}

// Predecessor reads what came before a change in its slot.
func (r *Reader) Predecessor(ctx context.Context, c store.Change) (Predecessor, error) {
	p, err := r.directPredecessor(ctx, c)
	if err != nil || !p.Known {
		return p, err
	}
	if p.tookBack(c) {
		p.undone = &p
		return p, nil
	}
	if p.undone, err = r.undoneByEcho(ctx, p.Change); err != nil {
		return p, err
	}
	if p.suspect() {
		before, err := r.liveBefore(ctx, p.Change, false)
		if err != nil {
			return p, err
		}
		if len(before) > 0 {
			p.before = before[0].Version
		}
	}
	return p, nil
}

// undoneByEcho returns the change whose rollback a change is the echo of, nil for none.
func (r *Reader) undoneByEcho(ctx context.Context, echo store.Change) (*Predecessor, error) {
	p, known, err := r.Store.Predecessor(ctx, echo)
	if err != nil || !known {
		return nil, err
	}
	o, err := r.Order(ctx, p.Key)
	if err != nil || !tookBack(o, echo) || !(Predecessor{Order: o}).IsEcho(echo) {
		return nil, err
	}
	undone, err := r.directPredecessor(ctx, echo)
	return &undone, err
}

// directPredecessor reads the predecessor alone, and not what came before it.
func (r *Reader) directPredecessor(ctx context.Context, c store.Change) (Predecessor, error) {
	p, known, err := r.Store.Predecessor(ctx, c)
	if err != nil || !known {
		return Predecessor{}, err
	}
	ws, err := r.Store.WatchesOf(ctx, p.Key)
	if err != nil {
		return Predecessor{}, fmt.Errorf("reading the predecessor's watches: %w", err)
	}
	o, err := r.Order(ctx, p.Key)
	if err != nil {
		return Predecessor{}, err
	}
	echo := false
	if c.Version != "" && p.Version == c.Version && c.Slot().HoldsOneThing() {
		echo, err = r.echoOfSameVersion(ctx, p)
	}
	return Predecessor{Known: true, Change: p, Order: o, echo: echo}.WithWatches(ws), err
}

// WithWatches is the predecessor with these as its watches. A recovery watch is kept
// apart: it judges the rollback.
func (p Predecessor) WithWatches(ws []watch.Watch) Predecessor {
	p.Watches, p.recovery = map[string]watch.Watch{}, map[string]watch.Watch{}
	for _, w := range ws {
		if w.After.IsZero() {
			p.Watches[w.Rule] = w
		} else {
			p.recovery[w.Rule] = w
		}
	}
	return p
}

// echoOfSameVersion reports whether a change, or one of the changes before it that
// brought the same version, is an echo: a tool may report one rollback several times.
func (r *Reader) echoOfSameVersion(ctx context.Context, c store.Change) (bool, error) {
	for range maxReach {
		if c.RollbackOf != "" {
			return true, nil
		}
		p, known, err := r.Store.Predecessor(ctx, c)
		if err != nil || !known {
			return false, err
		}
		o, err := r.Order(ctx, p.Key)
		if err != nil {
			return false, err
		}
		if (Predecessor{Order: o}).IsEcho(c) {
			return true, nil
		}
		if p.Version != c.Version {
			return false, nil
		}
		c = p
	}
	return false, nil
}

// IsEcho reports whether c is the echo of our own rollback: the deploy tool reports
// what our hook made it do. A tool that passes our key on says so itself. For any
// other tool, it is the order's target in the same slot after the order was sent. The
// same version again after an echo is one more report of it.
func (p Predecessor) IsEcho(c store.Change) bool {
	if c.RollbackOf != "" || p.echo {
		return true
	}
	return p.Order != nil && p.Order.Target == c.Version && sentBefore(*p.Order, c)
}

// GoesBack reports whether c takes the predecessor back: it is the echo of our own
// rollback, or people went back from a version that is bad or under suspicion to the
// one before it. What is found after that was there before, and a watch that may not
// act keeps it from being held against the version gone back to.
func (p Predecessor) GoesBack(c store.Change) bool {
	return p.IsEcho(c) || p.before != "" && p.before == c.Version
}

// sentBefore reports whether an order was sent before a change came.
func sentBefore(o rollback.Order, c store.Change) bool {
	return !o.SentAt.IsZero() && !c.StartedAt.Before(o.SentAt.Add(-clockSkew))
}

// clockSkew is how far a deploy tool's clock may lag behind ours.
const clockSkew = 2 * time.Minute

// tookBack reports whether our own rollback took the predecessor back before c came.
// From then on the order's target is what was live.
func (p Predecessor) tookBack(c store.Change) bool { return p.Known && tookBack(p.Order, c) }

func tookBack(o *rollback.Order, c store.Change) bool {
	return o != nil && !o.TookPlaceAt().IsZero() && sentBefore(*o, c)
}

// suspect reports whether the predecessor is bad, or a watch that may act suspects it.
func (p Predecessor) suspect() bool {
	if p.Change.Standing == store.Bad {
		return true
	}
	for _, w := range p.Watches {
		if w.Acts && w.Grade >= detector.Likely {
			return true
		}
	}
	return false
}

// cleanAfter is how long a predecessor must have run without suspicion for its own
// time to serve as a baseline.
const cleanAfter = 10 * time.Minute

// Baseline returns where the before window of c ends. A successor that lands inside
// the watch of a suspect predecessor, or soon after it began, inherits that one's
// baseline: a bad v2 must not become the baseline of v3, and neither does the time in
// which v2 was bad once it was rolled back.
func (p Predecessor) Baseline(c store.Change, r rules.Rule) time.Time {
	own := gather.BeforeEnd(c.Change, r)
	if q := p.undone; q != nil {
		if w, ok := q.Watches[r.Name]; ok && !q.recovered(w, own) {
			return w.BaseAt
		}
	}
	w, ok := p.Watches[r.Name]
	if !p.Known || !ok || p.undone != nil && p.undone.Change.Key == p.Change.Key || p.isClean(w, c.StartedAt) {
		return own
	}
	return w.BaseAt
}

// SettledAt is when the version that c replaces had settled: a rule's settle after its rollout, or
// after our rollback to it. It is zero where that is not known.
func (p Predecessor) SettledAt(c store.Change, r rules.Rule) time.Time {
	live := p.Change.FinishedAt
	if p.tookBack(c) {
		live = p.Order.TookPlaceAt()
	}
	if !p.Known || live.IsZero() {
		return time.Time{}
	}
	return live.Add(r.Settle)
}

// recovered reports whether a before window that ends at a moment holds no time in
// which the change that was rolled back was live, and the recovery watch suspects
// nothing. Where the rollback did not help, the window must begin after that is known:
// then what it holds is the usual by now.
func (p Predecessor) recovered(w watch.Watch, end time.Time) bool {
	span := max(cleanAfter, time.Duration(w.Plan.Before)*w.Plan.Tick)
	since := p.Order.TookPlaceAt()
	if after := p.recovery[w.Rule]; after.Grade >= detector.Suspect {
		if after.State.Open() {
			return false
		}
		since = after.EndedAt
	}
	return end.Sub(since) >= span
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
