package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// Effects are the results of one look. They are stored in the transaction that
// moves the watch, so that no crash leaves a verdict without its order and messages,
// nor an order without its verdict.
type Effects struct {
	Record   *Record
	Outgoing []Outgoing      // as PutOutgoing
	Order    *rollback.Order // as CreateOrder
	Reports  []Report        // as PutReport
	Outcome  *Outcome        // as PutOutcome
	Entries  []Entry         // as Append
	Profiles []string        // hashes of the profiles that the entries name
}

// MoveWatch stores the watch to, one revision above from, together with the
// effects, if the stored watch still has the state and revision of from. It marks
// the version of the change as StandingAfter says. moved is false, and nothing
// stored, if the watch has moved, or if a newer change has replaced the change of
// Effects.Order: the messages of that look would announce an order that there is not.
// order and created are what CreateOrder returns for Effects.Order. Where there is an
// order already, its outcome is told to the receivers of this one too.
//
// See adr/0005.
func (s *Store) MoveWatch(
	ctx context.Context, from, to watch.Watch, e Effects,
) (moved bool, order rollback.Order, created bool, err error) {
	var record *newRecord
	if e.Record != nil {
		if record, err = s.prepareRecord(ctx, from, *e.Record); err != nil {
			return false, order, false, err
		}
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if moved, err = s.swapWatch(ctx, tx, from, to); err != nil || !moved {
			return err
		}
		if e.Order != nil {
			if order, created, err = joinOrder(ctx, tx, *e.Order); err != nil {
				return fmt.Errorf("create order: %w", err)
			}
		}
		if created {
			entry, err := createdEntry(order)
			if err != nil {
				return err
			}
			e.Entries = append(slices.Clone(e.Entries), entry)
		}
		cleared, err := markJudged(ctx, tx, from, to)
		if err != nil {
			return fmt.Errorf("mark the version: %w", err)
		}
		e.Entries = slices.Concat(e.Entries, cleared)
		err = e.save(ctx, tx, record)
		if created {
			crashpoint.Reach(crashpoint.BeforeIntent)
		}
		return err
	})
	if errors.Is(err, errReplaced) {
		return false, rollback.Order{}, false, nil
	}
	if err != nil {
		return false, rollback.Order{}, false, wrap(err, "move watch %s", from.ID)
	}
	if created {
		crashpoint.Reach(crashpoint.AfterIntent)
	}
	s.remember(to, moved, record)
	return moved, order, created, nil
}

// errReplaced is an order of a change that a newer one has replaced.
var errReplaced = errors.New("a newer change has replaced the change of the order")

// joinOrder creates an order, or adds its receivers to the one that there is.
func joinOrder(ctx context.Context, tx executor, o rollback.Order) (stored rollback.Order, created bool, err error) {
	stored, created, err = createOrder(ctx, tx, o)
	switch {
	case err != nil || created:
		return stored, created, err
	case stored.Key == "":
		return stored, false, errReplaced
	}
	for _, r := range o.Receivers {
		if !slices.Contains(stored.Receivers, r) {
			stored.Receivers = append(stored.Receivers, r)
		}
	}
	body, err := encode(stored)
	if err != nil {
		return stored, false, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE orders SET body = $2 WHERE key = $1`, stored.Key, body)
	return stored, false, err
}

// swapWatch is the compare-and-swap of MoveWatch. It notes the state of the change, if the move says
// anything new of it.
func (s *Store) swapWatch(ctx context.Context, tx *sql.Tx, from, to watch.Watch) (bool, error) {
	to.Revision = from.Revision + 1
	body, err := encode(to)
	if err != nil {
		return false, err
	}
	moved, err := affected(ctx, tx, `
		UPDATE watches SET state = $4, running = $5, revision = $6, body = $7, suspected = $8
		WHERE id = $1 AND state = $2 AND revision = $3`,
		from.ID, from.State, from.Revision, to.State, to.State.Open(), to.Revision, body, suspected(to))
	if err == nil && moved && (from.State != to.State || from.Grade != to.Grade) {
		err = s.noteState(ctx, tx, to.ChangeKey)
	}
	return moved, err
}

// save stores all effects but the order. record is what prepareRecord made of Record.
func (e Effects) save(ctx context.Context, tx executor, record *newRecord) error {
	if record != nil {
		if err := record.save(ctx, tx); err != nil {
			return err
		}
	}
	if e.Outcome != nil {
		if err := putOutcome(ctx, tx, *e.Outcome); err != nil {
			return err
		}
	}
	if _, err := putOutgoing(ctx, tx, e.Outgoing...); err != nil {
		return err
	}
	for _, p := range e.Reports {
		if err := putReport(ctx, tx, p); err != nil {
			return err
		}
	}
	if len(e.Entries) > 0 {
		if err := keepProfiles(ctx, tx, e.Profiles, e.Entries[0].At); err != nil {
			return err
		}
	}
	return appendEntries(ctx, tx, e.Entries...)
}
