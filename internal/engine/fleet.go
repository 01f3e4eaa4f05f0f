package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// fleetBreaker holds all automatic rollbacks when so much is bad at once that no single
// change can be the cause.
type fleetBreaker struct{ *core }

// why returns why all automatic rollbacks are held, "" while they are not. It is asked
// before anything acts and whenever a watch becomes likely. Where too much has turned
// bad at once, it sets the hold and notifies people, once.
func (f *fleetBreaker) why(ctx context.Context) (string, error) {
	now := f.Now()
	h, held, err := f.hold(ctx, now)
	if err != nil {
		return "", err
	}
	if !held {
		why, alarmed, err := f.trip(ctx, now)
		if err != nil || why == "" {
			return "", err
		}
		if h, err = f.set(ctx, why, alarmed, now); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s (until %s, or: pushback release %s)", h.Why, h.Until.UTC().Format("15:04 MST"), h.ID), nil
}

func (f *fleetBreaker) hold(ctx context.Context, now time.Time) (store.Hold, bool, error) {
	holds, err := f.Store.Holds(ctx, now)
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
func (f *fleetBreaker) trip(ctx context.Context, now time.Time) (why string, alarmed []string, err error) {
	open, err := f.Store.OpenWatches(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("reading open watches: %w", err)
	}
	if len(open) < f.Limits.Fleet.Watches {
		return "", nil, nil
	}
	fleet := rollback.Fleet{Open: len(open)}
	for _, w := range open {
		if w.LikelyAt.IsZero() || !w.After.IsZero() || now.Sub(w.LikelyAt) > f.Limits.Fleet.Within {
			continue
		}
		alarm, err := f.alarm(ctx, w, now)
		if err != nil {
			return "", nil, err
		}
		fleet.Alarms, alarmed = append(fleet.Alarms, alarm), append(alarmed, w.ChangeKey)
	}
	// A change that was rolled back has no open watch any more, but it was bad too.
	orders, err := f.Store.Orders(ctx, nil, f.Limits.Fleet.Watches)
	if err != nil {
		return "", nil, fmt.Errorf("reading orders: %w", err)
	}
	for _, o := range orders {
		if !slices.Contains(alarmed, o.Key) && now.Sub(o.CreatedAt) <= f.Limits.Fleet.Within {
			fleet.Alarms = append(fleet.Alarms, rollback.Alarm{Service: o.Change.Service, At: o.CreatedAt, Cause: o.Key})
			alarmed = append(alarmed, o.Key)
		}
	}
	return f.Limits.Fleet.HoldReason(fleet, now), alarmed, nil
}

// alarm names the change that stands out as the cause of a watch that became likely.
func (f *fleetBreaker) alarm(ctx context.Context, w watch.Watch, now time.Time) (rollback.Alarm, error) {
	c, err := f.Store.Change(ctx, w.ChangeKey)
	if err != nil {
		return rollback.Alarm{}, fmt.Errorf("reading the change: %w", err)
	}
	a := rollback.Alarm{Service: c.Service, At: w.LikelyAt, Cause: c.Key}
	others, err := f.situation.Suspects(ctx, c, situation.Beginning(w, c.Change).Add(-f.Limits.ConfoundedWithin), now)
	if err != nil || len(others) == 0 {
		return a, err
	}
	last, err := f.Store.LastRecord(ctx, w.ID)
	if err != nil {
		return a, fmt.Errorf("reading the last verdict: %w", err)
	}
	own := rollback.Suspect{Change: c.Change, BeganAt: situation.Beginning(w, c.Change)}
	ranked := rollback.Rank(append(others, own), situation.Onset(w, c.Change, last.Verdict), w.Plan.Tick)
	if first, ok := rollback.StandsOut(ranked, f.Limits.StandsOut); ok {
		a.Cause = first.Change.Key()
	}
	return a, nil
}

// set sets the hold, and sends one message to everybody who was notified of any of the
// changes.
func (f *fleetBreaker) set(ctx context.Context, why string, alarmed []string, now time.Time) (store.Hold, error) {
	receivers, err := f.receivers(ctx, alarmed)
	if err != nil {
		return store.Hold{}, err
	}
	hold := store.Hold{Kind: store.FleetHold, Why: why, Actor: "fleet breaker", At: now, Until: now.Add(f.Limits.Fleet.Hold)}
	var rows []store.Outgoing
	hold, set, err := f.Store.SetHold(ctx, hold, func(h store.Hold) []store.Outgoing {
		m := f.text.FleetHeld(heldFleet(h))
		rows = store.Messages(m.Key, m.Key, receivers, m, now)
		return rows
	})
	if err != nil {
		return hold, fmt.Errorf("holding the fleet: %w", err)
	}
	if set {
		f.Log.Warn("too much turned bad at once; holding all automatic rollbacks", "hold", hold.ID, "why", why)
		f.deliver(ctx, rows)
	}
	return hold, nil
}

// receivers returns who was notified of any of the changes, and otherwise the receiver
// of services without an owner.
func (f *fleetBreaker) receivers(ctx context.Context, keys []string) ([]string, error) {
	var receivers []string
	for _, key := range keys {
		rows, err := f.Store.OutgoingOf(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("reading the messages of %s: %w", key, err)
		}
		for _, o := range rows {
			receivers = append(receivers, o.Receiver)
		}
	}
	if fallback := cmp.Or(f.Catalogue.Default.Pager, f.Catalogue.Default.Chat); len(receivers) == 0 && fallback != "" {
		receivers = []string{fallback}
	}
	slices.Sort(receivers)
	return slices.Compact(receivers), nil
}

// heldFleet is a hold as messages name it.
func heldFleet(h store.Hold) messages.FleetHold {
	return messages.FleetHold{ID: h.ID, Why: h.Why, At: h.At, Until: h.Until}
}

// grouped marks a look's messages to those who were notified of the hold: they get one
// page, and not one a service. The rows are stored for the record only. Outages and
// order states are sent all the same.
func (f *fleetBreaker) grouped(ctx context.Context, rows []store.Outgoing) ([]store.Outgoing, error) {
	h, held, err := f.hold(ctx, f.Now())
	if err != nil || !held {
		return rows, err
	}
	notified, err := f.Store.OutgoingOf(ctx, heldFleet(h).Thread())
	if err != nil {
		return nil, fmt.Errorf("reading who was notified of the hold: %w", err)
	}
	for i, row := range rows {
		if row.Message.Severity != notify.Info && slices.ContainsFunc(notified, func(o store.Outgoing) bool { return o.Receiver == row.Receiver }) {
			rows[i].State = store.Grouped
		}
	}
	return rows, nil
}
