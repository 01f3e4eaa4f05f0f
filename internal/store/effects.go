package store

import (
	"context"
	"database/sql"
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
	Record     *Record
	Outgoing   []Outgoing      // as PutOutgoing
	Order      *rollback.Order // as CreateOrder
	Annotation *Annotation     // as PutAnnotation
	Standing   Standing        // of the watch's change; Unjudged leaves it
	Outcome    *Outcome        // as PutOutcome
	Entries    []Entry         // as Append
}

// MoveWatch stores the watch to, one revision above from, together with the
// effects, if the stored watch still has the state and revision of from. moved is
// false, and nothing stored, if it does not. order and created are what CreateOrder
// returns for Effects.Order.
//
// See adr/0005.
func (s *Store) MoveWatch(
	ctx context.Context, from, to watch.Watch, e Effects,
) (moved bool, order rollback.Order, created bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if moved, err = swapWatch(ctx, tx, from, to); err != nil || !moved {
			return err
		}
		if e.Order != nil {
			if order, created, err = createOrder(ctx, tx, *e.Order); err != nil {
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
		err := e.save(ctx, tx, from)
		if created {
			crashpoint.Reach(crashpoint.BeforeIntent)
		}
		return err
	})
	if err != nil {
		return false, rollback.Order{}, false, wrap(err, "move watch %s", from.ID)
	}
	if created {
		crashpoint.Reach(crashpoint.AfterIntent)
	}
	return moved, order, created, nil
}

// swapWatch is the compare-and-swap of MoveWatch.
func swapWatch(ctx context.Context, tx executor, from, to watch.Watch) (bool, error) {
	to.Revision = from.Revision + 1
	body, err := encode(to)
	if err != nil {
		return false, err
	}
	return affected(ctx, tx, `
		UPDATE watches SET state = $4, running = $5, revision = $6, body = $7
		WHERE id = $1 AND state = $2 AND revision = $3`,
		from.ID, from.State, from.Revision, to.State, to.State.Open(), to.Revision, body)
}

// save stores all effects but the order.
func (e Effects) save(ctx context.Context, tx executor, w watch.Watch) error {
	if e.Record != nil {
		if err := saveRecord(ctx, tx, w.ID, *e.Record); err != nil {
			return err
		}
	}
	if e.Standing != Unjudged {
		if err := setStanding(ctx, tx, w.ChangeKey, e.Standing); err != nil {
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
	if e.Annotation != nil {
		if err := putAnnotation(ctx, tx, *e.Annotation); err != nil {
			return err
		}
	}
	return appendEntries(ctx, tx, e.Entries...)
}
