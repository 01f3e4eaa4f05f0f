package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/watch"
)

// What the journal says of a metric store, under the key of the store. An
// outage outlives a restart of Pushback, and is still told once.
const (
	storeFailed   = "store_failed"
	storeAnswered = "store_answered"
)

func storeKey(name string) string { return "metrics/" + name }

// blindMessages tell that a metric store fails: once an outage and receiver,
// however many watches it blinds.
func (e *Engine) blindMessages(ctx context.Context, l look, receivers []string) ([]store.Outgoing, error) {
	name, o, ok := e.stores.worst(l.watch.Inputs)
	if !ok {
		return nil, nil // it answered meanwhile
	}
	since, err := e.outageSince(ctx, name, o.Since)
	if err != nil {
		return nil, err
	}
	m := notify.Message{
		Key: storeKey(name), Kind: string(watch.Blind), Severity: notify.Error, At: e.Now(), Link: e.ExternalURL,
		Title:  fmt.Sprintf("metric store %s cannot be read since %s: changes are watched blind", name, since.UTC().Format("15:04:05 MST")),
		Moved:  []string{o.Fault},
		Action: "Nothing is rolled back on it, and nothing is called healthy.",
	}
	return e.outgoing(fmt.Sprintf("%s/%d", storeKey(name), since.Unix()), storeKey(name), receivers, m), nil
}

// outageSince is when the outage began: as the journal knows it, where an
// earlier run of the engine has seen it begin.
func (e *Engine) outageSince(ctx context.Context, name string, seen time.Time) (time.Time, error) {
	open, at, err := e.openOutage(ctx, name)
	if err != nil || open {
		return at, err
	}
	err = e.Store.Append(ctx, store.Entry{At: seen, ChangeKey: storeKey(name), Actor: "pushback", Action: storeFailed})
	if err != nil {
		return seen, fmt.Errorf("writing down an outage: %w", err)
	}
	return seen, nil
}

func (e *Engine) openOutage(ctx context.Context, name string) (open bool, since time.Time, err error) {
	entries, err := e.Store.Journal(ctx, storeKey(name))
	if err != nil {
		return false, since, fmt.Errorf("reading past outages: %w", err)
	}
	if len(entries) == 0 {
		return false, since, nil
	}
	last := entries[len(entries)-1]
	return last.Action == storeFailed, last.At, nil
}

// answered notes that a store works, and ends the outage that was told. The
// journal is asked only where there was an outage, or once after a start.
func (e *Engine) answered(ctx context.Context, name string) {
	if !e.stores.answered(name) {
		return
	}
	if err := e.endOutage(ctx, name); err != nil && ctx.Err() == nil {
		e.Log.Warn("ending an outage", "store", name, "error", err)
	}
}

func (e *Engine) endOutage(ctx context.Context, name string) error {
	open, since, err := e.openOutage(ctx, name)
	if err != nil || !open {
		return err
	}
	told, err := e.Store.OutgoingOf(ctx, storeKey(name))
	if err != nil {
		return fmt.Errorf("reading what was told of it: %w", err)
	}
	now := e.Now()
	m := notify.Message{
		Key: storeKey(name), Kind: "resolved", Severity: notify.Info, Resolved: true, At: now, EndsAt: now, Link: e.ExternalURL,
		Title: fmt.Sprintf("metric store %s answers again after %s", name, now.Sub(since).Round(time.Second)),
	}
	for _, receiver := range receiversSince(told, since) {
		for _, row := range e.outgoing(fmt.Sprintf("%s/%d/resolved", storeKey(name), since.Unix()), storeKey(name), []string{receiver}, m) {
			if _, err := e.Store.PutOutgoing(ctx, row); err != nil {
				return fmt.Errorf("telling that it answers: %w", err)
			}
			e.enqueue(ctx, messageJob{ID: row.ID, Boot: e.boot})
		}
	}
	return e.Store.Append(ctx, store.Entry{At: now, ChangeKey: storeKey(name), Actor: "pushback", Action: storeAnswered})
}

func receiversSince(told []store.Outgoing, since time.Time) []string {
	var names []string
	for _, o := range told {
		if !o.Message.Resolved && !o.CreatedAt.Before(since) && !slices.Contains(names, o.Receiver) {
			names = append(names, o.Receiver)
		}
	}
	return names
}
