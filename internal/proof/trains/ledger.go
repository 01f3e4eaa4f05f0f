package trains

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// ledger is the state database of one train: its changes so far, in the order in which they
// came, all in one slot.
type ledger struct {
	changes []store.Change
	rolling store.Change           // the next one, while it rolls out
	watches map[string]watch.Watch // by key of the change
}

func (l *ledger) index(key string) int {
	for i, c := range l.changes {
		if c.Key == key {
			return i
		}
	}
	return -1
}

// Change returns a change that has come.
func (l *ledger) Change(_ context.Context, key string) (store.Change, error) {
	if i := l.index(key); i >= 0 {
		return l.changes[i], nil
	}
	if l.rolling.Key == key {
		return l.rolling, nil
	}
	return store.Change{}, store.ErrNotFound
}

// Predecessor returns the change before one.
func (l *ledger) Predecessor(_ context.Context, c store.Change) (store.Change, bool, error) {
	i := l.index(c.Key)
	if i <= 0 {
		return store.Change{}, false, nil
	}
	return l.changes[i-1], true, nil
}

// EarlierOfVersion returns none: every version of a train comes once.
func (l *ledger) EarlierOfVersion(context.Context, store.Change, string, int) ([]store.Change, error) {
	return nil, nil
}

// OverlappingChanges returns the changes that were rolling out at some time between two moments.
func (l *ledger) OverlappingChanges(_ context.Context, c store.Change, _ []string, from, to time.Time) (found []store.Change, _ error) {
	for _, o := range l.changes {
		if o.Key != c.Key && !o.StartedAt.After(to) && !o.FinishedAt.Before(from) {
			found = append(found, o)
		}
	}
	return found, nil
}

// WatchesOf returns the watch of a change.
func (l *ledger) WatchesOf(_ context.Context, key string) ([]watch.Watch, error) {
	if w, ok := l.watches[key]; ok {
		return []watch.Watch{w}, nil
	}
	return nil, nil
}

// LastRecord finds nothing: each order is made of the newest look.
func (l *ledger) LastRecord(context.Context, string) (store.Record, error) {
	return store.Record{}, store.ErrNotFound
}

// Order returns no order: a train ends with its first.
func (l *ledger) Order(context.Context, string) (rollback.Order, error) {
	return rollback.Order{}, store.ErrNotFound
}

// RecentRollbacks returns none, for the same reason.
func (l *ledger) RecentRollbacks(context.Context, sources.Slot, string, time.Time) (int, error) {
	return 0, nil
}

// LastRestore returns never.
func (l *ledger) LastRestore(context.Context) (time.Time, error) { return time.Time{}, nil }

// catalogue has one service without dependencies.
type catalogue struct{}

// Upstream returns the service itself.
func (catalogue) Upstream(service string) map[string]int { return map[string]int{service: 0} }
