package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/sources"
)

// errNotAdmitted refuses the zero Admitted, the only one that sources.Admit did
// not check.
var errNotAdmitted = errors.New("the event did not pass sources.Admit")

// ErrClosed is returned by Accept once the store is closing.
var ErrClosed = errors.New("the store is closed")

// Accepted is what became of an event.
type Accepted struct {
	Change    Change
	Duplicate bool // heard before: nothing was changed
	Created   bool // the first word of this change
}

// delivery is an event on its way into the database.
type delivery struct {
	ctx   context.Context
	event sources.Event
	raw   []byte
	now   time.Time

	accepted Accepted
	err      error
	done     chan struct{}
}

// Groups are bounded so that one caller never waits behind more than a few
// hundred others, and one group for the disk no longer than groupTimeout.
const (
	maxGroup     = 256
	groupTimeout = 30 * time.Second
)

// Accept takes an event, raw being the body it came in. When it returns
// without error the event is on disk, folded into its change, and whoever that
// change stands in the way of is superseded, suspended or resumed.
//
// Calls that meet share one transaction and one fsync; a failure of one does
// not touch the others. If ctx ends first the event may or may not be stored:
// send it again, it will be a duplicate at worst.
//
// See adr/0006.
func (s *Store) Accept(ctx context.Context, admitted sources.Admitted, raw []byte, now time.Time) (Accepted, error) {
	e := admitted.Event()
	if e.EventID == "" {
		return Accepted{}, fmt.Errorf("accept event: %w", errNotAdmitted)
	}
	d := &delivery{ctx: ctx, event: e, raw: bytes.Clone(raw), now: now, done: make(chan struct{})}
	select {
	case <-s.closing:
		return Accepted{}, fmt.Errorf("accept event: %w", ErrClosed)
	case <-ctx.Done():
		return Accepted{}, fmt.Errorf("accept event: %w", ctx.Err())
	case s.intake <- d:
	}
	select {
	case <-d.done:
		return d.accepted, wrap(d.err, "accept event")
	case <-ctx.Done():
		return Accepted{}, fmt.Errorf("accept event: %w", ctx.Err())
	}
}

func (s *Store) startIntake() {
	s.intake = make(chan *delivery)
	s.closing = make(chan struct{})
	s.drained = make(chan struct{})
	go s.takeGroups()
}

// takeGroups commits what has queued up while the last group was written. The
// longer the disk takes, the larger the groups: no timer is needed.
func (s *Store) takeGroups() {
	defer close(s.drained)
	for {
		select {
		case d := <-s.intake:
			s.takeGroup(s.gather(d))
		case <-s.closing:
			return
		}
	}
}

// gather adds to first whoever is waiting at this moment.
func (s *Store) gather(first *delivery) []*delivery {
	group := []*delivery{first}
	for len(group) < maxGroup {
		select {
		case d := <-s.intake:
			group = append(group, d)
		default:
			return group
		}
	}
	return group
}

// takeGroup stores a group and only then tells its callers. Slots are locked
// in one order, so that replicas cannot wait for each other in a circle.
func (s *Store) takeGroup(group []*delivery) {
	slices.SortStableFunc(group, func(a, b *delivery) int {
		return cmp.Compare(slotKey(a.event.Slot()), slotKey(b.event.Slot()))
	})
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	err := s.transact(ctx, func(tx *sql.Tx) error {
		defer crashpoint.Reach(crashpoint.BeforeEvent)
		return takeEach(ctx, tx, group)
	})
	crashpoint.Reach(crashpoint.AfterEvent)
	for _, d := range group {
		if err != nil {
			d.accepted, d.err = Accepted{}, err
		}
		close(d.done)
	}
}

// takeEach takes every delivery in a savepoint of its own, then settles every
// slot once, however many of the group are in it: settling costs as much as
// stands in the slot. It fails as a whole where a savepoint cannot be undone
// or a slot cannot be settled: then nothing of the group is known to be stored.
func takeEach(ctx context.Context, tx *sql.Tx, group []*delivery) error {
	for _, d := range group {
		if d.err = d.ctx.Err(); d.err != nil {
			continue
		}
		if _, err := tx.ExecContext(ctx, `SAVEPOINT one`); err != nil {
			return fmt.Errorf("set savepoint: %w", err)
		}
		if d.accepted, d.err = take(ctx, tx, d); d.err != nil {
			if _, err := tx.ExecContext(ctx, `ROLLBACK TO SAVEPOINT one`); err != nil {
				return errors.Join(d.err, err)
			}
		}
		if _, err := tx.ExecContext(ctx, `RELEASE SAVEPOINT one`); err != nil {
			return fmt.Errorf("release savepoint: %w", err)
		}
	}
	return settleEach(ctx, tx, group)
}

// settleEach settles the slots of a group, which lie side by side in it, and
// reads back how the changes stand afterwards. What the journal must hold of it
// comes last, when every slot is ours: an entry holds up everybody who has one.
func settleEach(ctx context.Context, tx *sql.Tx, group []*delivery) error {
	var entries []Entry
	settled := ""
	for _, d := range group {
		slot := slotKey(d.event.Slot())
		if d.err != nil || d.accepted.Duplicate || slot == settled {
			continue
		}
		cancelled, err := updateSlot(ctx, tx, slot, d.now)
		if err != nil {
			return err
		}
		entries, settled = append(entries, cancelled...), slot
	}
	if err := readBack(ctx, tx, group); err != nil {
		return err
	}
	return appendEntries(ctx, tx, entries...)
}

// readBack gives every caller the change as it stands now.
func readBack(ctx context.Context, tx *sql.Tx, group []*delivery) error {
	for _, d := range group {
		if d.err != nil || d.accepted.Duplicate {
			continue
		}
		c, err := changeByKey(ctx, tx, d.accepted.Change.Key)
		if err != nil {
			return wrap(err, "read change back")
		}
		d.accepted.Change = c
	}
	return nil
}
