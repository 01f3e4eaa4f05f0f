package outage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/lastcheck"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// What the journal says of a metric store, under the key of its thread.
const (
	storeFailed   = "store_failed"
	storeAnswered = "store_answered"
)

// Store is what the monitor needs of the state database.
type Store interface {
	Journal(ctx context.Context, key string) ([]store.Entry, error)
	Append(ctx context.Context, e store.Entry) error
	OutgoingOf(ctx context.Context, key string) ([]store.Outgoing, error)
}

// MetricStore is what the monitor asks of a metric store. MeasureResolution lets it find out its
// scrape interval.
type MetricStore interface {
	Heartbeat(ctx context.Context, at time.Time) (time.Time, error)
	MeasureResolution(ctx context.Context) error
}

// Options are what a monitor works with. All are required.
type Options struct {
	Store   Store
	Metrics map[string]MetricStore // by name
	Text    messages.Composer
	Send    func(ctx context.Context, rows []store.Outgoing) error // stores messages and has them sent
	Open    func() int                                             // how many watches are open
	Count   func(name string, kind sources.FaultKind)              // counts a failure
	Log     *slog.Logger
	Now     func() time.Time
}

// Monitor watches the metric stores.
type Monitor struct {
	o      Options
	state  *state
	checks lastcheck.Book
}

// New returns a monitor that asks nothing until Run is called.
func New(o Options) *Monitor { return &Monitor{o: o, state: newState()} }

// Failed notes that a store did not answer what a look asked at a moment. The outage
// begins at that moment: a store that hangs fails only when the time-out is over.
func (m *Monitor) Failed(name string, err error, asked time.Time) {
	m.o.Count(name, kindOf(err))
	m.checks.Note(name, m.o.Now(), err)
	m.state.fail(name, err, asked, true)
}

// Blind reports whether a store that these inputs come from has failed for long enough
// to notify people.
func (m *Monitor) Blind(inputs []watch.Input, now time.Time) bool {
	_, o, ok := m.state.longest(inputs)
	return ok && now.Sub(o.Since) >= blindAfter
}

// Faults returns the stores that cannot be read, with why.
func (m *Monitor) Faults() map[string]string { return m.state.faults() }

// Checks are how the stores did when they were last asked, by name.
func (m *Monitor) Checks() map[string]lastcheck.Check { return m.checks.All() }

// Messages tells receivers that the store of these inputs cannot be read: one row an
// outage and receiver. There are none where the store has answered meanwhile.
func (m *Monitor) Messages(ctx context.Context, inputs []watch.Input, receivers []string) ([]store.Outgoing, error) {
	name, o, ok := m.state.longest(inputs)
	if !ok {
		return nil, nil
	}
	since, err := m.began(ctx, name, o.Since)
	if err != nil {
		return nil, err
	}
	thread, now := messages.OutageThread(name), m.o.Now()
	return store.Messages(fmt.Sprintf("%s/%d", thread, since.Unix()), thread, receivers, m.o.Text.Outage(name, o.Fault, since, now), now), nil
}

// began returns when the outage began: as the journal says, where an earlier run has
// noticed it first.
func (m *Monitor) began(ctx context.Context, name string, noticed time.Time) (time.Time, error) {
	open, at, err := m.openOutage(ctx, name)
	if err != nil || open {
		return at, err
	}
	err = m.o.Store.Append(ctx, store.Entry{At: noticed, ChangeKey: messages.OutageThread(name), Actor: "pushback", Action: storeFailed})
	if err != nil {
		return noticed, fmt.Errorf("recording an outage: %w", err)
	}
	return noticed, nil
}

func (m *Monitor) openOutage(ctx context.Context, name string) (open bool, since time.Time, err error) {
	entries, err := m.o.Store.Journal(ctx, messages.OutageThread(name))
	if err != nil {
		return false, since, fmt.Errorf("reading past outages: %w", err)
	}
	if len(entries) == 0 {
		return false, since, nil
	}
	last := entries[len(entries)-1]
	return last.Action == storeFailed, last.At, nil
}

// Answered notes that a store works, and ends its outage. The journal is read only
// where there was an outage, or once after a start.
func (m *Monitor) Answered(ctx context.Context, name string) {
	if !m.state.recover(name) {
		return
	}
	if err := m.end(ctx, name); err != nil && ctx.Err() == nil {
		m.o.Log.Warn("cannot record that a metric store answers again; people still read that it does not", "store", name, "error", err)
	}
}

// end notifies everybody who was notified of the outage, and closes it in the journal.
func (m *Monitor) end(ctx context.Context, name string) error {
	open, since, err := m.openOutage(ctx, name)
	if err != nil || !open {
		return err
	}
	thread, now := messages.OutageThread(name), m.o.Now()
	notified, err := m.o.Store.OutgoingOf(ctx, thread)
	if err != nil {
		return fmt.Errorf("reading who was notified: %w", err)
	}
	rows := store.Messages(fmt.Sprintf("%s/%d/resolved", thread, since.Unix()), thread, store.ReceiversSince(notified, since), m.o.Text.OutageEnded(name, since, now), now)
	if err := m.o.Send(ctx, rows); err != nil {
		return err
	}
	return m.o.Store.Append(ctx, store.Entry{At: now, ChangeKey: thread, Actor: "pushback", Action: storeAnswered})
}

const (
	// askEvery is how often every metric store is asked, with or without looks:
	// readiness should not wait for a deploy to notice that Prometheus is gone.
	askEvery = 30 * time.Second
	// measureRounds is how many rounds pass between two measurements of a store's
	// scrape interval, which take a query over all its targets.
	measureRounds = 10
)

// Run asks every metric store until ctx ends.
func (m *Monitor) Run(ctx context.Context) error {
	t := time.NewTicker(askEvery)
	defer t.Stop()
	for round := 0; ; round++ {
		m.askAll(ctx, round%measureRounds == 0)
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// askAll asks all stores at once, so that one that hangs delays no other.
func (m *Monitor) askAll(ctx context.Context, measure bool) {
	var all sync.WaitGroup
	defer all.Wait()
	for name, s := range m.o.Metrics {
		if name != "" { // the default store is listed under its own name too
			all.Go(func() { m.ask(ctx, name, s, measure) })
		}
	}
}

// ask takes an empty store for a working one: it is new, or nothing feeds it yet.
func (m *Monitor) ask(ctx context.Context, name string, s MetricStore, measure bool) {
	asked := m.o.Now()
	_, err := s.Heartbeat(ctx, asked)
	var f *sources.Fault
	switch {
	case ctx.Err() != nil:
		return
	case err != nil && (!errors.As(err, &f) || f.Kind != sources.NoData):
		m.state.fail(name, err, asked, false)
		m.checks.Note(name, m.o.Now(), err)
		return
	case !m.state.onlyLooksCanTell(name) || m.o.Open() == 0:
		m.checks.Note(name, m.o.Now(), nil)
		m.Answered(ctx, name)
	}
	if measure || !m.state.isMeasured(name) {
		m.measure(ctx, name, s)
	}
}

func (m *Monitor) measure(ctx context.Context, name string, s MetricStore) {
	if err := s.MeasureResolution(ctx); err != nil {
		m.o.Log.Debug("cannot measure the scrape interval of a metric store; using the last one", "store", name, "error", err)
		return
	}
	m.state.setMeasured(name)
}
