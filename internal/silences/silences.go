// Package silences keeps the alerts of other tools about a service quiet while Pushback rolls it back. It remembers
// nothing: it compares the rollbacks that run with the silences that there are, so that a crash leaves none behind,
// and each has an end of its own in case nobody comes back.
//
// See adr/0135.
package silences

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/pause"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

const (
	every   = 5 * time.Second
	lasts   = 5 * time.Minute // a silence that nobody extends
	renewAt = 3 * time.Minute // before its end
	timeout = 10 * time.Second
	gap     = 250 * time.Millisecond // many changes that move at once are read about once
	skew    = time.Minute            // a receiver whose clock is behind ours begins at once all the same
	maxOpen = 500
)

// Store is what a Keeper reads.
type Store interface {
	Orders(ctx context.Context, states []rollback.State, limit int) ([]rollback.Order, error)
	Order(ctx context.Context, key string) (rollback.Order, error)
}

// Keeper keeps the silences of one receiver.
type Keeper struct {
	Store    Store
	Receiver notify.Silencer
	Moved    <-chan string // keys of changes that moved, so that a silence begins at once
	Log      *slog.Logger
	Now      func() time.Time

	maybe   bool   // there may be silences of ours
	trouble string // that was logged last
}

// Run keeps the silences until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	k.maybe = true // of the process before
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		k.note(k.keep(ctx))
		if !pause.For(ctx, gap) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-k.Moved:
		}
	}
}

// note logs what is wrong, once.
func (k *Keeper) note(err error) {
	says := ""
	if err != nil && !errors.Is(err, context.Canceled) {
		says = err.Error()
	}
	if says != "" && says != k.trouble {
		k.Log.Warn("cannot keep alerts silent while a rollback runs, or end that; trying again", "error", err)
	}
	k.trouble = says
}

// keep sets the silences that are missing, extends those that end soon, and ends those whose rollback has ended.
func (k *Keeper) keep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	running, err := k.Store.Orders(ctx, []rollback.State{rollback.Sending}, maxOpen)
	if err != nil {
		return fmt.Errorf("reading the rollbacks that run: %w", err)
	}
	if len(running) == 0 && !k.maybe {
		return nil
	}
	open, err := k.Receiver.OpenSilences(ctx)
	if err != nil {
		return err
	}
	var errs []error
	k.maybe = true
	for _, o := range running {
		errs = append(errs, k.silence(ctx, o, open))
	}
	left, err := k.end(ctx, running, open)
	k.maybe = left || len(running) > 0
	return errors.Join(append(errs, err)...)
}

// silence has a rollback's silence in force for a while.
func (k *Keeper) silence(ctx context.Context, o rollback.Order, open []notify.Silence) error {
	now := k.Now()
	s := notify.Silence{
		Order: o.Key, Service: o.Change.Service, Environment: o.Change.Environment, Region: o.Change.Region,
		Comment: comment(o), StartsAt: now.Add(-skew), EndsAt: now.Add(lasts),
	}
	for _, there := range open {
		if there.Order != o.Key {
			continue
		}
		if there.EndsAt.Sub(now) > renewAt {
			return nil
		}
		s.ID, s.StartsAt = there.ID, there.StartsAt
	}
	return k.Receiver.PutSilence(ctx, s)
}

func comment(o rollback.Order) string {
	what := strings.TrimSpace(o.Change.Service + " " + o.Change.What())
	if o.Target == "" {
		return what + " is being rolled back"
	}
	return what + " is being rolled back to " + o.Target
}

// end ends the silences whose rollback has ended, and reports whether any are left. Those of rollbacks that we do
// not know are of another installation, which ends them itself.
func (k *Keeper) end(ctx context.Context, running []rollback.Order, open []notify.Silence) (left bool, err error) {
	runs := map[string]bool{}
	for _, o := range running {
		runs[o.Key] = true
	}
	var errs []error
	for _, s := range open {
		if runs[s.Order] {
			continue
		}
		_, err := k.Store.Order(ctx, s.Order)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err == nil {
			err = k.Receiver.EndSilence(ctx, s.ID)
		}
		left = left || err != nil
		errs = append(errs, err)
	}
	return left, errors.Join(errs...)
}
