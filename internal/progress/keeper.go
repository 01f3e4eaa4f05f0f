// Package progress notes how far the rollouts have come that hooks follow: in the order, for
// pages and `pushback status`, and once in a message and in the journal where a rollout is
// slow.
package progress

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// SlowAfter is how long a rollout may take before people are told how far it has come.
const SlowAfter = 30 * time.Second

// Store is what is needed of the state database.
type Store interface {
	NoteProgress(ctx context.Context, key string, claim int64, progress string, at time.Time, messages ...store.Outgoing) (bool, error)
}

// Keeper notes progress. Every field is required.
type Keeper struct {
	Store   Store
	Text    messages.Composer
	Record  func(ctx context.Context, rule string) (wrong, fired int) // how often a rule was wrong so far
	Deliver func(ctx context.Context, rows []store.Outgoing)          // has messages sent that are stored
	Changed func(key string)                                          // tells pages that an order has changed
	Log     *slog.Logger
	Now     func() time.Time
}

// Call is one call of a hook, which may follow a rollout.
type Call struct {
	*Keeper
	order rollback.Order
	claim int64
	until time.Time // when the hook's time is over
	last  string    // what the hook reported last; "" while it follows nothing
	told  bool
}

// Follow returns a context under which the reports of a hook are noted that is called for an
// order under a claim.
func (k *Keeper) Follow(ctx context.Context, o rollback.Order, claim int64, timeout time.Duration) (context.Context, *Call) {
	c := &Call{Keeper: k, order: o, claim: claim, until: k.Now().Add(timeout)}
	noting := context.WithoutCancel(ctx)
	return rollback.WithProgress(ctx, func(progress string) { c.note(noting, progress) }), c
}

func (c *Call) note(ctx context.Context, progress string) {
	now := c.Now()
	var rows []store.Outgoing
	if now.Sub(c.order.SentAt) >= SlowAfter && !c.told {
		c.told = true
		wrong, fired := c.Record(ctx, c.order.Rule)
		rows = store.OrderMessages(c.order, "slow", messages.WithRecord(c.Text.StillRolling(c.order, progress, c.until, now), wrong, fired), now)
	}
	c.last = progress
	noted, err := c.Store.NoteProgress(ctx, c.order.Key, c.claim, progress, now, rows...)
	if err != nil {
		c.Log.Warn("cannot record how far a rollback has come; its outcome is recorded all the same", "change", c.order.Key, "progress", progress, "error", err)
		return
	}
	if noted {
		c.Deliver(ctx, rows)
		c.Changed(c.order.Key)
	}
}

// Followed reports whether the hook followed a rollout.
func (c *Call) Followed() bool { return c.last != "" }

// Saw adds to a hook's error how far the rollout was seen to come.
func (c *Call) Saw(err error) error {
	if err == nil || !c.Followed() {
		return err
	}
	return fmt.Errorf("%w; last seen: %s", err, c.last)
}
