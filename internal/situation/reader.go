package situation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Store is what the reader needs of the state database.
type Store interface {
	Change(ctx context.Context, key string) (store.Change, error)
	Predecessor(ctx context.Context, c store.Change) (store.Change, bool, error)
	EarlierOfVersion(ctx context.Context, c store.Change, version string, limit int) ([]store.Change, error)
	OverlappingChanges(ctx context.Context, c store.Change, services []string, since, now time.Time) ([]store.Change, error)
	WatchesOf(ctx context.Context, changeKey string) ([]watch.Watch, error)
	LastRecord(ctx context.Context, watchID string) (store.Record, error)
	Order(ctx context.Context, key string) (rollback.Order, error)
	RecentRollbacks(ctx context.Context, slot sources.Slot, except string, since time.Time) (int, error)
	LastRestore(ctx context.Context) (time.Time, error)
}

// Catalogue knows what a service depends on, with distances.
type Catalogue interface {
	Upstream(service string) map[string]int
}

// Hook is what pushback.yml says of a hook, as far as guards ask. The zero Hook is
// one that pushback.yml does not name.
type Hook struct {
	Known       bool
	LastGood    bool   // it may skip bad versions further back
	Aborts      bool   // it may stop a rollout that is under way
	FixedTarget string // the version that it restores for every flag and experiment; "": the one before
	Binding     rollback.Binding
}

// Reader reads situations. Every field but the last is required.
type Reader struct {
	Store     Store
	Catalogue Catalogue
	Limits    rollback.Limits
	Hook      func(name string) Hook
	Window    func(now time.Time) string                // the freeze window that holds, "" for none
	Fleet     func(ctx context.Context) (string, error) // why all automatic rollbacks are held, "" for no hold
	Frozen    func() (frozen bool, why string)          // the freeze file
	Now       func() time.Time

	looks looks
}

// Over is the reader over another store.
func (r *Reader) Over(s Store) *Reader {
	return &Reader{
		Store: s, Catalogue: r.Catalogue, Limits: r.Limits, Hook: r.Hook, Window: r.Window, Fleet: r.Fleet, Frozen: r.Frozen, Now: r.Now,
	}
}

// Of reads everything that the guards ask about an order, at this moment.
func (r *Reader) Of(ctx context.Context, o rollback.Order) (rollback.Situation, error) {
	now := r.Now()
	c, err := r.Store.Change(ctx, o.Key)
	if err != nil {
		return rollback.Situation{}, fmt.Errorf("reading the change of order %s: %w", o.Key, err)
	}
	s := rollback.Situation{
		Now: now, Change: c.Change, Limits: r.Limits, Window: r.Window(now),
		Superseded: c.SupersededBy != "", Epoch: c.Epoch,
		RuleActs: o.Automatic, Approved: !o.Automatic,
	}
	if err := json.Unmarshal(o.Evidence, &s.Verdict); err != nil {
		return s, fmt.Errorf("reading the evidence of order %s: %w", o.Key, err)
	}
	if s.SuspendedBy, err = r.suspendedBy(ctx, c, now); err != nil {
		return s, err
	}
	hook := r.Hook(o.Hook)
	s.HookKnown, s.HookAborts, s.HookBinding = hook.Known, hook.Aborts, hook.Binding
	if s.Target, s.FirstEver, err = r.Target(ctx, c, hook); err != nil {
		return s, err
	}
	if s.RecentRollbacks, err = r.Store.RecentRollbacks(ctx, c.Slot(), o.Key, now.Add(-r.Limits.Cooldown)); err != nil {
		return s, fmt.Errorf("counting recent rollbacks: %w", err)
	}
	if s.Fleet, err = r.Fleet(ctx); err != nil {
		return s, err
	}
	if err := r.fillRestored(ctx, &s, c, o); err != nil {
		return s, err
	}
	if err := r.fillWatched(ctx, &s, c, o); err != nil {
		return s, err
	}
	// The freeze file is read last, so that it is as fresh as possible.
	s.Frozen, s.FrozenWhy = r.Frozen()
	return s, nil
}

// fillWatched fills in what the watch of the order's rule knows: what it found last, and what tells the change
// from other suspects.
func (r *Reader) fillWatched(ctx context.Context, s *rollback.Situation, c store.Change, o rollback.Order) error {
	ws, err := r.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return fmt.Errorf("reading the watches of %s: %w", c.Key, err)
	}
	i := slices.IndexFunc(ws, func(w watch.Watch) bool { return w.Rule == o.Rule && w.After.IsZero() })
	if i < 0 {
		return nil
	}
	if s.Present, err = r.present(ctx, ws[i], s.Verdict.At); err != nil {
		return err
	}
	return r.fillSuspects(ctx, s, c, o, ws[i])
}

// fillSuspects fills in what tells the order's change from other suspects. A change
// that the same rollback takes back as well is left out.
func (r *Reader) fillSuspects(ctx context.Context, s *rollback.Situation, c store.Change, o rollback.Order, w watch.Watch) error {
	if err := r.fillOnset(ctx, s, c, w); err != nil {
		return err
	}
	skipped, err := r.skippedVersions(ctx, c, o)
	if err != nil {
		return err
	}
	s.Suspects = slices.DeleteFunc(s.Suspects, func(other rollback.Suspect) bool {
		return other.Change.Slot() == c.Slot() && slices.Contains(skipped, other.Change.Version)
	})
	return nil
}
