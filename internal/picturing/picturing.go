package picturing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pushback/pushback/internal/picture"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// Store is what a Keeper reads.
type Store interface {
	WatchesOf(ctx context.Context, changeKey string) ([]watch.Watch, error)
	LastRecord(ctx context.Context, watchID string) (store.Record, error)
	Order(ctx context.Context, key string) (rollback.Order, error)
}

// Of says which of a rule's watches is meant.
type Of int

// The watch of the change itself, the one after its rollback, or whichever of them has looked last.
const (
	Change Of = iota
	Recovery
	Newest
)

// Which chooses the watch that a picture shows.
type Which struct {
	Rule string // "": the one that found the worst
	Of   Of
}

// The reasons why there is no look that could be drawn. A look that is stored and cannot be read is store.ErrDamaged.
var (
	ErrNotWatched = errors.New("no rule watches this change")
	ErrNoRule     = errors.New("no such rule watches this change")
	ErrNoRecovery = errors.New("no rollback of this change is watched")
	ErrNotLooked  = errors.New("no watch of this change has looked yet")
)

// Look is one look that can be drawn.
type Look struct {
	picture.Subject
	Open bool // the watch has not ended: its next look is another picture
	seq  int64
	id   string // of the watch
}

// Find reads the last look of the watch that is meant.
func (k *Keeper) Find(ctx context.Context, c store.Change, which Which) (Look, error) {
	watches, err := k.store.WatchesOf(ctx, c.Key)
	if err != nil {
		return Look{}, fmt.Errorf("reading the watches of %s: %w", c.Key, err)
	}
	candidates, err := which.among(watches)
	if err != nil {
		return Look{}, err
	}
	found, err := k.look(ctx, candidates, which.Of == Newest)
	if err != nil {
		return Look{}, err
	}
	o, err := k.store.Order(ctx, c.Key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Look{}, fmt.Errorf("reading the order of %s: %w", c.Key, err)
	}
	found.Change, found.Order, found.SentAt = c.Change, o.State, o.SentAt
	return found, nil
}

// among are the watches that are meant, the worst first.
func (w Which) among(watches []watch.Watch) ([]watch.Watch, error) {
	if len(watches) == 0 {
		return nil, ErrNotWatched
	}
	var found []watch.Watch
	for _, one := range watches {
		if w.Rule == "" || one.Rule == w.Rule {
			found = append(found, one)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoRule, report.Printable(w.Rule))
	}
	if w.Of != Newest {
		found = slices.DeleteFunc(found, func(one watch.Watch) bool { return one.After.IsZero() == (w.Of == Recovery) })
	}
	if len(found) == 0 && w.Of == Recovery {
		return nil, ErrNoRecovery
	}
	slices.SortStableFunc(found, func(a, b watch.Watch) int {
		return cmp.Or(cmp.Compare(b.Grade, a.Grade), cmp.Compare(urgency(a), urgency(b)))
	})
	return found, nil
}

// urgency puts what regressed in front, and a rule that found no series of the service behind.
func urgency(w watch.Watch) int {
	switch {
	case w.State == watch.Regressed:
		return 0
	case w.SawNothing():
		return 2
	}
	return 1
}

// look reads the last look of the first watch that has looked, or of the one that looked last. A damaged look is
// an error: the picture of another rule would hide it.
func (k *Keeper) look(ctx context.Context, watches []watch.Watch, newest bool) (found Look, err error) {
	err = ErrNotLooked
	for _, w := range watches {
		r, failed := k.store.LastRecord(ctx, w.ID)
		if errors.Is(failed, store.ErrNotFound) {
			continue
		}
		if failed != nil {
			return Look{}, fmt.Errorf("reading the last look of rule %s: %w", report.Printable(w.Rule), failed)
		}
		if found.id == "" || r.At.After(found.Verdict.At) {
			found.Record = report.Record{Watch: w, Verdict: r.Verdict, Observation: r.Observation}
			found.Open, found.seq, found.id, err = w.State.Open(), r.Seq, w.ID, nil
		}
		if !newest {
			break
		}
	}
	return found, err
}
