// Package digest sends, at the times of a schedule, one message about everything since the one before.
//
// The database knows until when each receiver was told, and lets one replica compose at a time. The message is a row like
// every other, whose id has the time in it: a replica that dies between storing it and noting that finds it there
// the next time, and a restart sends nothing twice. A time at which nothing ran is made up for as soon as something does.
package digest

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// Source is a receiver that may want a digest.
type Source interface {
	Digest() (when rules.Schedule, empty, wanted bool)
}

// Store is what the keeper needs of the state database.
type Store interface {
	LastRun(ctx context.Context, name string) (time.Time, error)
	ClaimRun(ctx context.Context, name string, due, now, until time.Time) (bool, error)
	FinishRun(ctx context.Context, name string, began time.Time) error
	FailRun(ctx context.Context, name string, retry time.Time) error
	Changes(ctx context.Context, f store.ChangeFilter) ([]store.Change, error)
	WatchesOfEach(ctx context.Context, changeKeys []string) (map[string][]watch.Watch, error)
	Orders(ctx context.Context, states []rollback.State, limit int) ([]rollback.Order, error)
	Holds(ctx context.Context, now time.Time) ([]store.Hold, error)
}

// Options are what a keeper works with. All are required.
type Options struct {
	Receivers map[string]notify.Sender // those that are no Source get none
	Store     Store
	Text      messages.Composer
	Now       func(ctx context.Context) (time.Time, error) // the time that the replicas share
	Send      func(ctx context.Context, rows []store.Outgoing) error
	Log       *slog.Logger
}

// Keeper sends digests. It is safe for concurrent use.
type Keeper struct{ o Options }

// New returns a keeper that sends nothing until Run is called.
func New(o Options) *Keeper { return &Keeper{o} }

const (
	// checkEvery is how late a digest may be.
	checkEvery = 15 * time.Second
	// composing is how long a replica may take before another takes it for dead, and retry when one that failed is tried again.
	composing = 2 * time.Minute
	retry     = time.Minute
	// maxChanges and maxOrders are how much one digest looks at.
	maxChanges = 500
	maxOrders  = 200
)

// Run sends digests until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	wanting := map[string]Source{}
	for name, s := range k.o.Receivers {
		if d, may := s.(Source); may {
			if _, _, wanted := d.Digest(); wanted {
				wanting[name] = d
			}
		}
	}
	if len(wanting) == 0 {
		return nil
	}
	t := time.NewTicker(checkEvery)
	defer t.Stop()
	for {
		for name, d := range wanting {
			if err := k.RunDue(ctx, name, d); err != nil && ctx.Err() == nil {
				k.o.Log.Warn("cannot send a digest; trying again", "receiver", name, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// RunDue sends the digest of one receiver, if it is due and no other replica sends it. The first one is about what
// happens from now on.
func (k *Keeper) RunDue(ctx context.Context, name string, d Source) error {
	schedule := "digest/" + name
	now, err := k.o.Now(ctx)
	if err != nil {
		return err
	}
	last, err := k.o.Store.LastRun(ctx, schedule)
	if err != nil {
		return err
	}
	due := now
	when, empty, _ := d.Digest()
	if !last.IsZero() {
		if due = when.Latest(last, now); due.IsZero() {
			return nil
		}
	}
	mine, err := k.o.Store.ClaimRun(ctx, schedule, due, now, now.Add(composing))
	if err != nil || !mine {
		return err
	}
	if !last.IsZero() {
		err = k.send(ctx, name, empty, last, due)
	}
	if err != nil {
		if failed := k.o.Store.FailRun(context.WithoutCancel(ctx), schedule, now.Add(retry)); failed != nil {
			return fmt.Errorf("%w; and noting that it failed: %w", err, failed)
		}
		return err
	}
	return k.o.Store.FinishRun(ctx, schedule, due)
}

func (k *Keeper) send(ctx context.Context, name string, empty bool, from, to time.Time) error {
	d, err := k.gather(ctx, name, from, to)
	if err != nil || d.Nothing() && !empty {
		return err
	}
	return k.o.Send(ctx, store.Messages(d.ID(), d.ID(), []string{name}, k.o.Text.Digest(d), to))
}

// gather reads what happened after from and up to to.
func (k *Keeper) gather(ctx context.Context, name string, from, to time.Time) (messages.Digest, error) {
	d := messages.Digest{Receiver: name, From: from, To: to}
	orders, err := k.o.Store.Orders(ctx, nil, maxOrders)
	if err != nil {
		return d, fmt.Errorf("reading the rollbacks of a digest: %w", err)
	}
	byChange := map[string]*rollback.Order{}
	for i, o := range orders {
		byChange[o.Key] = &orders[i]
		switch {
		case o.State.Final() && o.EndedAt.After(from) && !o.EndedAt.After(to):
			d.Ended = append(d.Ended, o)
		case o.State == rollback.Proposed:
			d.Waiting = append(d.Waiting, o)
		}
	}
	holds, err := k.o.Store.Holds(ctx, to)
	if err != nil {
		return d, fmt.Errorf("reading the holds of a digest: %w", err)
	}
	for _, h := range holds {
		d.Holds = append(d.Holds, holdText(h))
	}
	return d, k.addChanges(ctx, &d, byChange)
}

// addChanges adds the changes that started or were judged in the time, with the verdicts that are stored.
func (k *Keeper) addChanges(ctx context.Context, d *messages.Digest, orders map[string]*rollback.Order) error {
	found, err := k.o.Store.Changes(ctx, store.ChangeFilter{Before: d.To.Add(time.Microsecond), Limit: maxChanges})
	if err != nil {
		return fmt.Errorf("reading the changes of a digest: %w", err)
	}
	d.More = len(found) == maxChanges && found[maxChanges-1].StartedAt.After(d.From)
	var keys []string
	for _, c := range found {
		keys = append(keys, c.Key)
	}
	watches, err := k.o.Store.WatchesOfEach(ctx, keys)
	if err != nil {
		return fmt.Errorf("reading the watches of a digest: %w", err)
	}
	for _, c := range found {
		var judged []messages.Judged
		for _, w := range watches[c.Key] {
			judged = append(judged, messages.Judged{Watch: w})
		}
		r := k.o.Text.Report(c.Key, c.Change, judged, orders[c.Key])
		if c.StartedAt.After(d.From) || r.EndedAt.After(d.From) && !r.EndedAt.After(d.To) {
			d.Changes = append(d.Changes, r)
		}
	}
	return nil
}

func holdText(h store.Hold) string {
	what := "everything"
	if h.Service != "" {
		what = h.Service
	}
	if h.Environment != "" {
		what += " in " + h.Environment
	}
	text := fmt.Sprintf("%s, by %s since %s: %s", what, h.Actor, h.At.UTC().Format("2 Jan 15:04 MST"), h.Why)
	if !h.Until.IsZero() {
		text += ", until " + h.Until.UTC().Format("2 Jan 15:04 MST")
	}
	return text
}
