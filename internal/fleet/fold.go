package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// How long messages wait, so that a fleet which turns bad at once is told in one. Only
// where so many watches are open that the breaker could trip, does a single message wait
// at all.
const (
	// holdBack is how long a message about one change waits: a third of the usual
	// interval between two looks, in which a third of a bad fleet is looked at.
	holdBack = 5 * time.Second
	// unsettledFor is how long it waits where it is not the only one: two of the usual
	// intervals, in which each watch was looked at and most have a further tick.
	unsettledFor = 30 * time.Second
	// together is how close to each other changes turn bad that may turn bad together.
	together = time.Minute
	// pageAfter is how long the page about a hold collects what it names: the usual interval,
	// in which each service has its turn, and what looks and messages take.
	pageAfter = 20 * time.Second
	// moreAfter is how long each later message of its thread collects.
	moreAfter = time.Minute
	// checkEvery is how old the state of all watches may be that a message is held back by.
	checkEvery = time.Second
	// waitMost is the longest wait without asking again, because what turns bad meanwhile
	// may end or prolong it.
	waitMost = 4 * time.Second
)

// BeforeSend is asked before a pending message leaves. It asks the breaker, and folds the
// message into the one about the hold where the change turned bad with all others. Where
// it is too early to know, it says how long the message must wait. It works on rows alone,
// so that replicas decide the same and no crash loses a message.
func (b *Breaker) BeforeSend(ctx context.Context, o store.Outgoing) (wait time.Duration, folded bool, err error) {
	if !mayFold(o) {
		return 0, false, nil
	}
	order, err := b.o.Store.Order(ctx, o.ChangeKey)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return 0, false, fmt.Errorf("reading the order of %s: %w", o.ChangeKey, err)
	}
	if !order.SentAt.IsZero() {
		return 0, false, nil // something was done about this change, which is told for itself
	}
	h, held, wait, err := b.check(ctx, o)
	if err != nil {
		return 0, false, err
	}
	thread, m, err := b.incident(ctx, o, order, h, held)
	if err != nil || thread == "" {
		return wait, false, err
	}
	return b.fold(ctx, o, thread, m)
}

// fold folds a message into the one about the hold. Where another replica stores that one
// at the same moment, or has moved the message, its row is read again.
func (b *Breaker) fold(ctx context.Context, o store.Outgoing, thread string, m notify.Message) (wait time.Duration, folded bool, err error) {
	folded, into, err := b.o.Store.FoldOutgoing(ctx, o.ID, thread, m, b.o.Now())
	switch {
	case errors.Is(err, store.ErrConflict) || err == nil && !folded:
		return checkEvery, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("folding message %s: %w", o.ID, err)
	}
	b.o.Deliver(ctx, []store.Outgoing{into})
	return 0, true, nil
}

// mayFold reports whether a message is about a single change that is not well. Those about
// metric stores, rules and holds are not: their thread is what they are about.
func mayFold(o store.Outgoing) bool {
	m := o.Message
	return strings.HasPrefix(m.Key, o.ChangeKey+"/") && m.Severity != notify.Info && !m.Resolved
}

// incident returns the thread of the hold that a message belongs to, "" for none, and what
// the thread's message begins with. To a hold belongs what turned bad at about the time
// when it was set, and whatever follows about these changes while it lasts. A rollback that
// came to nothing because it was held belongs to it later too.
func (b *Breaker) incident(ctx context.Context, o store.Outgoing, order rollback.Order, h store.Hold, held bool) (string, notify.Message, error) {
	m := b.o.Text.FleetHeld(heldFleet(h))
	if away := o.CreatedAt.Sub(h.At).Abs(); held && away <= b.o.Limits.Fleet.Within {
		return m.Key, m, nil
	}
	rows, err := b.o.Store.OutgoingOf(ctx, o.ChangeKey)
	if err != nil {
		return "", m, fmt.Errorf("reading the messages of %s: %w", o.ChangeKey, err)
	}
	i := slices.IndexFunc(rows, func(o store.Outgoing) bool { return o.GroupedIn != "" })
	if i < 0 {
		return "", m, nil
	}
	into, err := b.o.Store.Outgoing(ctx, rows[i].GroupedIn)
	if err != nil {
		return "", m, fmt.Errorf("reading what speaks for %s: %w", rows[i].ID, err)
	}
	cameToNothing := order.State == rollback.Refused || order.State == rollback.Expired
	if cameToNothing || held && into.Message.Key == m.Key {
		return into.Message.Key, into.Message, nil
	}
	return "", m, nil
}

// lastCheck is the state of all watches as it was checked last.
type lastCheck struct {
	mu        sync.Mutex
	at        time.Time
	open      int  // watches
	unsettled bool // changes may be about to turn bad together
}

// check asks the breaker whether a hold is in force, or sets it, and returns how long a
// message must wait until that is certain.
func (b *Breaker) check(ctx context.Context, o store.Outgoing) (h store.Hold, held bool, wait time.Duration, err error) {
	b.last.mu.Lock()
	defer b.last.mu.Unlock()
	now := b.o.Now()
	if h, held, err = b.hold(ctx, now); err != nil || held {
		return h, held, 0, err
	}
	if now.Sub(b.last.at) >= checkEvery {
		if err := b.countWatches(ctx, now); err != nil {
			return h, false, 0, err
		}
		if h, held, err = b.hold(ctx, now); err != nil || held {
			return h, held, 0, err
		}
		b.last.at = now
	}
	return h, false, b.waitOf(now.Sub(o.CreatedAt)), nil
}

// countWatches counts the open watches, and asks the breaker where it could trip.
func (b *Breaker) countWatches(ctx context.Context, now time.Time) error {
	open, err := b.o.Store.CountOpenWatches(ctx)
	if err != nil {
		return fmt.Errorf("counting open watches: %w", err)
	}
	suspected, err := b.o.Store.SuspectedWatches(ctx)
	if err != nil {
		return fmt.Errorf("reading suspected watches: %w", err)
	}
	b.last.open, b.last.unsettled = open, b.unsettled(open, suspected, now)
	if b.last.open >= b.o.Limits.Fleet.Watches {
		_, err = b.Why(ctx)
	}
	return err
}

// unsettled reports whether changes may be about to turn bad together: a second one has just
// become likely, or more are suspected than the breaker lets pass, and more than half the
// share, because some of many watches are always suspected by chance.
func (b *Breaker) unsettled(open int, watches []watch.Watch, now time.Time) bool {
	likely, suspected := map[string]bool{}, map[string]bool{}
	for _, w := range watches {
		if w.After.IsZero() && w.Grade >= detector.Suspect {
			suspected[w.ChangeKey] = true
		}
		if w.After.IsZero() && !w.LikelyAt.IsZero() && now.Sub(w.LikelyAt) <= together {
			likely[w.ChangeKey] = true
		}
	}
	many := max(float64(b.o.Limits.Fleet.Services), b.o.Limits.Fleet.Share*float64(open)/2)
	return len(likely) > 1 || float64(len(suspected)) > many
}

// waitOf is how long a message of an age must still wait.
func (b *Breaker) waitOf(age time.Duration) time.Duration {
	until := time.Duration(0)
	if b.last.open >= b.o.Limits.Fleet.Watches {
		until = holdBack
		if b.last.unsettled {
			until = unsettledFor
		}
	}
	return min(max(until-max(age, 0), 0), waitMost)
}
