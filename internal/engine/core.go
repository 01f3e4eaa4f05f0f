package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/fleet"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/picturing"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/routing"
	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback/freezefile"
)

// core is what every part of the engine works with.
type core struct {
	Options
	jobs      jobQueue
	replica   *replica.Keeper
	inFlight  inFlight
	catalogue *catalogue.Catalogue
	situation *situation.Reader
	fleet     *fleet.Breaker
	routing   routing.Options
	text      messages.Composer
	pictures  *picturing.Keeper
	listeners *listeners
	checks    *lastChecks
}

// deliver has messages sent that are stored already.
func (c *core) deliver(_ context.Context, rows []store.Outgoing) {
	for _, m := range rows {
		c.enqueue(messageJob, m.ID)
	}
}

// send stores messages and has those sent that are new.
func (c *core) send(ctx context.Context, rows []store.Outgoing) error {
	for _, row := range rows {
		created, err := c.Store.PutOutgoing(ctx, row)
		if err != nil {
			return fmt.Errorf("storing a message: %w", err)
		}
		if created {
			c.deliver(ctx, []store.Outgoing{row})
		}
	}
	return nil
}

// receiversOf returns who got a message of a thread and not its end. Escalations that were not
// sent, and messages in one of the states except, do not count.
func (c *core) receiversOf(ctx context.Context, changeKey, thread string, except ...string) ([]string, error) {
	rows, err := c.Store.OutgoingOf(ctx, changeKey)
	if err != nil {
		return nil, fmt.Errorf("reading the messages of %s: %w", changeKey, err)
	}
	open := map[string]bool{}
	for _, o := range rows {
		if o.Message.Key == thread && !o.HeldBack() && !slices.Contains(except, o.State) {
			open[o.Receiver] = !o.Message.Resolved
		}
	}
	maps.DeleteFunc(open, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(open)), nil
}

// Frozen reads the freeze file. It reads it at every call: a cached answer would let
// something act after the freeze.
func (c *core) Frozen() (frozen bool, why string) {
	if c.FreezeFile == "" {
		return false, ""
	}
	frozen, why, err := freezefile.Read(c.FreezeFile)
	if err != nil {
		c.Log.Warn("cannot read the freeze file; acting is frozen", "error", err)
	}
	return frozen, why
}

// hookFacts is what pushback.yml says of a hook.
func (c *core) hookFacts(name string) situation.Hook {
	h, known := c.Hooks[name]
	return situation.Hook{Known: known, LastGood: h.LastGood, Aborts: h.Aborts, FixedTarget: h.FixedTarget, Binding: h.Binding}
}

// freezes evaluates every named window once, so that the conditions of a rule need no
// clock of their own.
func (c *core) freezes() map[string]bool {
	holds := map[string]bool{}
	for name, f := range c.Freezes {
		holds[name] = f.Holds(c.Now())
	}
	return holds
}

// window is the first of the operators' freeze windows that holds.
func (c *core) window(now time.Time) string {
	for _, name := range c.Windows {
		if c.Freezes[name].Holds(now) {
			return name
		}
	}
	return ""
}

// inFlight keeps one process from sending two messages of a thread at once.
type inFlight struct{ rows sync.Map }

// begin reports whether the row was free, and is now taken until end.
func (f *inFlight) begin(row string) bool {
	_, busy := f.rows.LoadOrStore(row, nil)
	return !busy
}

func (f *inFlight) end(row string) { f.rows.Delete(row) }
