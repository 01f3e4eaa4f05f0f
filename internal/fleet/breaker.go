package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// Store is what the breaker needs of the state database.
type Store interface {
	Change(ctx context.Context, key string) (store.Change, error)
	CountOpenWatches(ctx context.Context) (int, error)
	SuspectedWatches(ctx context.Context) ([]watch.Watch, error) // those that have not ended; never all
	Orders(ctx context.Context, states []rollback.State, limit int) ([]rollback.Order, error)
	Order(ctx context.Context, key string) (rollback.Order, error)
	LastRecord(ctx context.Context, watchID string) (store.Record, error)
	Holds(ctx context.Context, now time.Time) ([]store.Hold, error)
	SetHold(ctx context.Context, h store.Hold, told func(store.Hold) []store.Outgoing) (store.Hold, bool, error)
	Outgoing(ctx context.Context, id string) (store.Outgoing, error)
	OutgoingOf(ctx context.Context, key string) ([]store.Outgoing, error)
	FoldOutgoing(ctx context.Context, id, thread string, m notify.Message, now time.Time) (bool, store.Outgoing, error)
	CloseCollecting(ctx context.Context, id string, compose func(of store.Outgoing, folded []store.Outgoing) (notify.Message, bool)) (bool, error)
}

// Options are what a breaker works with. All are required.
type Options struct {
	Store    Store
	Limits   rollback.Limits
	Suspects func(ctx context.Context, c store.Change, since, before time.Time) ([]rollback.Suspect, error) // other changes that may be the cause
	Default  func() string                                                                                  // the operators' default receiver; "" for none
	Text     messages.Composer
	Deliver  func(ctx context.Context, rows []store.Outgoing) // sends messages that are stored
	Log      *slog.Logger
	Now      func() time.Time
}

// Breaker holds all automatic rollbacks when so much is bad at once that no single
// change can be the cause.
type Breaker struct {
	o    Options
	last lastCheck
}

// New returns a breaker. It reads nothing.
func New(o Options) *Breaker { return &Breaker{o: o} }

// Why returns why all automatic rollbacks are held, "" while they are not. It is asked
// before anything acts and whenever a watch becomes likely. Where too much has turned
// bad at once, it sets the hold and notifies people, once.
func (b *Breaker) Why(ctx context.Context) (string, error) {
	now := b.o.Now()
	h, held, err := b.hold(ctx, now)
	if err != nil {
		return "", err
	}
	if !held {
		why, alarmed, err := b.trip(ctx, now)
		if err != nil || why == "" {
			return "", err
		}
		if h, err = b.set(ctx, why, alarmed, now); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s (until %s, or: pushback release %s)", h.Why, h.Until.UTC().Format("15:04 MST"), h.ID), nil
}

func (b *Breaker) hold(ctx context.Context, now time.Time) (store.Hold, bool, error) {
	holds, err := b.o.Store.Holds(ctx, now)
	if err != nil {
		return store.Hold{}, false, fmt.Errorf("reading holds: %w", err)
	}
	i := slices.IndexFunc(holds, func(h store.Hold) bool { return h.Kind == store.FleetHold })
	if i < 0 {
		return store.Hold{}, false, nil
	}
	return holds[i], true, nil
}

// trip reports why too much is bad at once, "" where it is not, and which changes are
// concerned. It reads causes only where enough watches are open to matter.
func (b *Breaker) trip(ctx context.Context, now time.Time) (why string, alarmed []string, err error) {
	open, err := b.o.Store.CountOpenWatches(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("counting open watches: %w", err)
	}
	if open < b.o.Limits.Fleet.Watches {
		return "", nil, nil
	}
	suspected, err := b.o.Store.SuspectedWatches(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("reading suspected watches: %w", err)
	}
	state := rollback.Fleet{Open: open}
	for _, w := range suspected {
		if w.LikelyAt.IsZero() || !w.After.IsZero() || now.Sub(w.LikelyAt) > b.o.Limits.Fleet.Within {
			continue
		}
		alarm, err := b.alarm(ctx, w, now)
		if err != nil {
			return "", nil, err
		}
		state.Alarms, alarmed = append(state.Alarms, alarm), append(alarmed, w.ChangeKey)
	}
	// A change that was rolled back has no open watch any more, but it was bad too.
	orders, err := b.o.Store.Orders(ctx, nil, b.o.Limits.Fleet.Watches)
	if err != nil {
		return "", nil, fmt.Errorf("reading orders: %w", err)
	}
	for _, o := range orders {
		if !slices.Contains(alarmed, o.Key) && now.Sub(o.CreatedAt) <= b.o.Limits.Fleet.Within {
			state.Alarms = append(state.Alarms, rollback.Alarm{Service: o.Change.Service, At: o.CreatedAt, Cause: o.Key})
			alarmed = append(alarmed, o.Key)
		}
	}
	return b.o.Limits.Fleet.HoldReason(state, now), alarmed, nil
}

// alarm names the change that stands out as the cause of a watch that became likely.
func (b *Breaker) alarm(ctx context.Context, w watch.Watch, now time.Time) (rollback.Alarm, error) {
	c, err := b.o.Store.Change(ctx, w.ChangeKey)
	if err != nil {
		return rollback.Alarm{}, fmt.Errorf("reading the change: %w", err)
	}
	a := rollback.Alarm{Service: c.Service, At: w.LikelyAt, Cause: c.Key}
	others, err := b.o.Suspects(ctx, c, situation.Beginning(w, c.Change).Add(-b.o.Limits.ConfoundedWithin), now)
	if err != nil || len(others) == 0 {
		return a, err
	}
	last, err := b.o.Store.LastRecord(ctx, w.ID)
	if err != nil {
		return a, fmt.Errorf("reading the last verdict: %w", err)
	}
	own := rollback.Suspect{Change: c.Change, BeganAt: situation.Beginning(w, c.Change)}
	ranked := rollback.Rank(append(others, own), situation.Onset(w, c.Change, last.Verdict), w.Plan.Tick)
	if first, ok := rollback.StandsOut(ranked, b.o.Limits.StandsOut); ok {
		a.Cause = first.Change.Key()
	}
	return a, nil
}

// set sets the hold, and sends one message to everybody who was notified of any of the
// changes.
func (b *Breaker) set(ctx context.Context, why string, alarmed []string, now time.Time) (store.Hold, error) {
	receivers, err := b.receivers(ctx, alarmed)
	if err != nil {
		return store.Hold{}, err
	}
	hold := store.Hold{
		Kind: store.FleetHold, Why: why, Actor: "fleet breaker",
		At: now, Since: now.Add(-b.o.Limits.Fleet.Within), Until: now.Add(b.o.Limits.Fleet.Hold),
	}
	var rows []store.Outgoing
	hold, set, err := b.o.Store.SetHold(ctx, hold, func(h store.Hold) []store.Outgoing {
		m := b.o.Text.FleetHeld(heldFleet(h))
		rows = store.Messages(m.Key, m.Key, receivers, m, now)
		for i := range rows {
			rows[i].State = store.Collecting
		}
		return rows
	})
	if err != nil {
		return hold, fmt.Errorf("holding the fleet: %w", err)
	}
	if set {
		b.o.Log.Warn("too much turned bad at once; holding all automatic rollbacks", "hold", hold.ID, "why", why)
		b.o.Deliver(ctx, rows)
	}
	return hold, nil
}

// receivers returns who was notified of any of the changes, and otherwise the
// operators' default receiver.
func (b *Breaker) receivers(ctx context.Context, keys []string) ([]string, error) {
	var receivers []string
	for _, key := range keys {
		rows, err := b.o.Store.OutgoingOf(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("reading the messages of %s: %w", key, err)
		}
		for _, o := range rows {
			if o.State != store.Routed && !o.HeldBack() {
				receivers = append(receivers, o.Receiver)
			}
		}
	}
	if to := b.o.Default(); len(receivers) == 0 && to != "" {
		receivers = []string{to}
	}
	slices.Sort(receivers)
	return slices.Compact(receivers), nil
}

// heldFleet is a hold as messages name it.
func heldFleet(h store.Hold) messages.FleetHold {
	return messages.FleetHold{ID: h.ID, Why: h.Why, At: h.At, Until: h.Until}
}
