package daemon

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// memory is what the store knows of one feed. It is a changes.Memory.
type memory struct {
	store     *store.Store
	source    string // the name of the feed
	canonical func(sources.Event) sources.Event
}

// remember gives the feeds that ask for it what is stored of them.
func (b Built) remember(st *store.Store, canonical func(sources.Event) sources.Event) {
	for name, f := range b.Feeds {
		if r, ok := f.Feed.(changes.Rememberer); ok {
			r.Remember(memory{st, name, canonical})
		}
	}
}

// Reads returns when a part of the feed was read first and last.
func (m memory) Reads(ctx context.Context, part string) (first, last time.Time, err error) {
	if first, err = m.store.LastRun(ctx, m.run("began", part)); err != nil {
		return first, last, err
	}
	last, err = m.store.LastRun(ctx, m.run("read", part))
	return first, last, err
}

// NoteRead stores until when a part of the feed was read, and since when the first time.
func (m memory) NoteRead(ctx context.Context, part string, at time.Time) error {
	began, err := m.store.LastRun(ctx, m.run("began", part))
	if err != nil {
		return err
	}
	if began.IsZero() {
		if err := m.store.NoteRun(ctx, m.run("began", part), at); err != nil {
			return err
		}
	}
	return m.store.NoteRun(ctx, m.run("read", part), at)
}

// run names a moment among the schedules of the store.
func (m memory) run(what, part string) string { return "source " + m.source + " " + what + " " + part }

// toldAmong is how many of the newest changes of a service are searched for one that was told.
const toldAmong = 100

// Told looks for the change that an event names among the newest of its service.
func (m memory) Told(ctx context.Context, e sources.Event) (sources.Status, bool, error) {
	e.Source = m.source
	e = m.canonical(e).WithDefaults()
	found, err := m.store.Changes(ctx, store.ChangeFilter{Service: e.Service, Environment: e.Environment, Limit: toldAmong})
	for _, c := range found {
		for _, w := range c.Witnesses {
			if c.Slot() == e.Slot() && w.Source == m.source && w.ChangeID == e.ChangeID {
				return c.Status, true, err
			}
		}
	}
	return "", false, err
}
