package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// fleet gives why all automatic rollbacks are held, "" while they are not. It
// is asked before anything acts and whenever a watch turns likely; where too
// much has turned bad at once it sets the hold and has it told, once.
func (e *Engine) fleet(ctx context.Context) (string, error) {
	now := e.Now()
	h, held, err := e.fleetHold(ctx, now)
	if err != nil {
		return "", err
	}
	if !held {
		why, alarmed, err := e.trip(ctx, now)
		if err != nil || why == "" {
			return "", err
		}
		if h, err = e.breakFleet(ctx, why, alarmed, now); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s (until %s, or: pushback release %s)", h.Why, h.Until.UTC().Format("15:04 MST"), h.ID), nil
}

func (e *Engine) fleetHold(ctx context.Context, now time.Time) (store.Hold, bool, error) {
	holds, err := e.Store.Holds(ctx, now)
	if err != nil {
		return store.Hold{}, false, fmt.Errorf("reading holds: %w", err)
	}
	i := slices.IndexFunc(holds, func(h store.Hold) bool { return h.Kind == store.FleetHold })
	if i < 0 {
		return store.Hold{}, false, nil
	}
	return holds[i], true, nil
}

// trip asks whether too much is bad at once, and gives the changes concerned.
// Nobody is asked for causes before it might matter.
func (e *Engine) trip(ctx context.Context, now time.Time) (why string, alarmed []string, err error) {
	open, err := e.Store.OpenWatches(ctx)
	if err != nil {
		return "", nil, fmt.Errorf("reading open watches: %w", err)
	}
	if len(open) < e.Limits.Fleet.Watches {
		return "", nil, nil
	}
	f := rollback.Fleet{Open: len(open)}
	for _, w := range open {
		if w.LikelyAt.IsZero() || !w.After.IsZero() || now.Sub(w.LikelyAt) > e.Limits.Fleet.Within {
			continue
		}
		alarm, err := e.alarm(ctx, w, now)
		if err != nil {
			return "", nil, err
		}
		f.Alarms, alarmed = append(f.Alarms, alarm), append(alarmed, w.ChangeKey)
	}
	// What was acted upon has no open watch any more, and was bad all the same.
	orders, err := e.Store.Orders(ctx, nil, e.Limits.Fleet.Watches)
	if err != nil {
		return "", nil, fmt.Errorf("reading orders: %w", err)
	}
	for _, o := range orders {
		if !slices.Contains(alarmed, o.Key) && now.Sub(o.CreatedAt) <= e.Limits.Fleet.Within {
			f.Alarms = append(f.Alarms, rollback.Alarm{Service: o.Change.Service, At: o.CreatedAt, Blamed: o.Key})
			alarmed = append(alarmed, o.Key)
		}
	}
	return e.Limits.Fleet.Trip(f, now), alarmed, nil
}

// alarm says of a watch that turned likely which change stands out as its cause.
func (e *Engine) alarm(ctx context.Context, w watch.Watch, now time.Time) (rollback.Alarm, error) {
	c, err := e.Store.Change(ctx, w.ChangeKey)
	if err != nil {
		return rollback.Alarm{}, fmt.Errorf("reading the change: %w", err)
	}
	a := rollback.Alarm{Service: c.Service, At: w.LikelyAt, Blamed: c.Key}
	others, err := e.suspects(ctx, c, beginning(w, c.Change).Add(-e.Limits.Around), now)
	if err != nil || len(others) == 0 {
		return a, err
	}
	last, err := e.Store.LastRecord(ctx, w.ID)
	if err != nil {
		return a, fmt.Errorf("reading the last verdict: %w", err)
	}
	own := rollback.Suspect{Change: c.Change, BeganAt: beginning(w, c.Change)}
	ranked := rollback.Rank(append(others, own), onset(w, c.Change, last.Verdict), w.Plan.Tick)
	if first, ok := rollback.StandsOut(ranked, e.Limits.StandsOut); ok {
		a.Blamed = first.Change.Key()
	}
	return a, nil
}

// breakFleet sets the hold, and tells everybody who had heard of any of the
// changes, in one message each.
func (e *Engine) breakFleet(ctx context.Context, why string, alarmed []string, now time.Time) (store.Hold, error) {
	receivers, err := e.concerned(ctx, alarmed)
	if err != nil {
		return store.Hold{}, err
	}
	hold := store.Hold{Kind: store.FleetHold, Why: why, Actor: "fleet breaker", At: now, Until: now.Add(e.Limits.Fleet.Hold)}
	var told []store.Outgoing
	hold, set, err := e.Store.SetHold(ctx, hold, func(h store.Hold) []store.Outgoing {
		told = e.outgoing(fleetKey(h), fleetKey(h), receivers, e.fleetMessage(h))
		return told
	})
	if err != nil {
		return hold, fmt.Errorf("holding the fleet: %w", err)
	}
	if set {
		e.Log.Warn("all automatic rollbacks are held", "hold", hold.ID, "why", why)
		for _, m := range told {
			e.enqueue(ctx, messageJob{ID: m.ID, Boot: e.boot})
		}
	}
	return hold, nil
}

// concerned are all who were told of any of the changes; where nobody was,
// whoever answers for services of which nothing better is known.
func (e *Engine) concerned(ctx context.Context, keys []string) ([]string, error) {
	var receivers []string
	for _, key := range keys {
		rows, err := e.Store.OutgoingOf(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("reading what was told: %w", err)
		}
		for _, o := range rows {
			receivers = append(receivers, o.Receiver)
		}
	}
	if fallback := cmp.Or(e.Catalogue.Default.Pager, e.Catalogue.Default.Chat); len(receivers) == 0 && fallback != "" {
		receivers = []string{fallback}
	}
	slices.Sort(receivers)
	return slices.Compact(receivers), nil
}

func fleetKey(h store.Hold) string { return "fleet/" + h.ID }

func (e *Engine) fleetMessage(h store.Hold) notify.Message {
	return notify.Message{
		Key: fleetKey(h), Kind: "fleet", Severity: notify.Critical, At: h.At, Link: e.ExternalURL,
		Title: "too much turned bad at once: all automatic rollbacks are held",
		Moved: []string{h.Why},
		Action: fmt.Sprintf("Look for what all of it stands on. Nothing is rolled back unasked until %s; a person may let it go on sooner: pushback release %s",
			h.Until.UTC().Format("15:04 MST"), h.ID),
	}
}

// grouped keeps what a look would tell from those who were told of the whole
// fleet: one page, and not one a service. The rows are kept for the record.
// Blindness and the end of an order are told all the same.
func (e *Engine) grouped(ctx context.Context, rows []store.Outgoing) ([]store.Outgoing, error) {
	h, held, err := e.fleetHold(ctx, e.Now())
	if err != nil || !held {
		return rows, err
	}
	told, err := e.Store.OutgoingOf(ctx, fleetKey(h))
	if err != nil {
		return nil, fmt.Errorf("reading who was told of the fleet: %w", err)
	}
	for i, row := range rows {
		if row.Message.Severity != notify.Info && slices.ContainsFunc(told, func(o store.Outgoing) bool { return o.Receiver == row.Receiver }) {
			rows[i].State = store.Grouped
		}
	}
	return rows, nil
}
