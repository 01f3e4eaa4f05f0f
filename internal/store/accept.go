package store

import (
	"bytes"
	"cmp"
	"context"
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

// Accepted is the result of accepting an event.
type Accepted struct {
	Change    Change
	Duplicate bool // the event is stored already; nothing was changed
	Created   bool // the event began this change
	Unwatched bool // no rule watches the change; the engine says it
}

// pendingEvent is an event that waits to be stored, with the answer to its caller.
type pendingEvent struct {
	ctx       context.Context
	event     sources.Event
	slot      string // slotKey of the event's
	raw       []byte
	now       time.Time
	unwatched bool // no rule watches the change if the event begins one

	of   *staged     // the change that it is about
	near []neighbour // the stored changes around it

	accepted Accepted
	err      error
	done     chan struct{}
}

// maxGroup bounds how many events one transaction stores, and groupTimeout how
// long it may take, so that no caller waits long for the others of its group.
const (
	maxGroup     = 256
	groupTimeout = 30 * time.Second
)

// Accept stores an event; raw is the body it came in. When it returns without
// error, the event is on disk and folded into its change, and older changes of the
// slot are superseded, suspended or resumed accordingly.
//
// Calls at the same time share one transaction and one fsync; if one fails, the
// others do not. If ctx ends first, the event may or may not be stored. Sending it
// again is safe: if it is stored, it is a duplicate.
//
// See adr/0006.
func (s *Store) Accept(ctx context.Context, admitted sources.Admitted, raw []byte, now time.Time) (Accepted, error) {
	return s.accept(&pendingEvent{ctx: ctx, event: admitted.Event(), raw: bytes.Clone(raw), now: now})
}

// AcceptUnwatched is Accept for an event whose change is watched by no rule. If the event
// begins the change, that one is planned in the same transaction: nothing reads it again
// to find that there is nothing to do.
//
// See adr/0086.
func (s *Store) AcceptUnwatched(ctx context.Context, admitted sources.Admitted, raw []byte, now time.Time) (Accepted, error) {
	return s.accept(&pendingEvent{ctx: ctx, event: admitted.Event(), raw: bytes.Clone(raw), now: now, unwatched: true})
}

// accept hands the event to the group that is stored next, and waits until it is stored.
func (s *Store) accept(p *pendingEvent) (Accepted, error) {
	if p.event.EventID == "" {
		return Accepted{}, fmt.Errorf("accept event: %w", errNotAdmitted)
	}
	p.slot, p.done = slotKey(p.event.Slot()), make(chan struct{})
	ctx := p.ctx
	select {
	case <-s.closing:
		return Accepted{}, fmt.Errorf("accept event: %w", ErrClosed)
	case <-ctx.Done():
		return Accepted{}, fmt.Errorf("accept event: %w", ctx.Err())
	case s.intake <- p:
	}
	select {
	case <-p.done:
		return p.accepted, wrap(p.err, "accept event")
	case <-ctx.Done():
		return Accepted{}, fmt.Errorf("accept event: %w", ctx.Err())
	}
}

func (s *Store) startIntake() {
	s.intake = make(chan *pendingEvent)
	s.closing = make(chan struct{})
	s.drained = make(chan struct{})
	go s.storeGroups()
}

// storeGroups stores the waiting events, a group at a time: those that came while
// the last group was written. A slow disk makes larger groups, without any timer.
func (s *Store) storeGroups() {
	defer close(s.drained)
	for {
		select {
		case p := <-s.intake:
			s.storeGroup(s.collectWaiting(p))
		case <-s.closing:
			return
		}
	}
}

// collectWaiting returns first and the events that wait at this moment.
func (s *Store) collectWaiting(first *pendingEvent) []*pendingEvent {
	group := []*pendingEvent{first}
	for len(group) < maxGroup {
		select {
		case p := <-s.intake:
			group = append(group, p)
		default:
			return group
		}
	}
	return group
}

// storeGroup stores a group and then answers its callers. It locks slots in the
// order of their keys, so that two replicas cannot deadlock.
func (s *Store) storeGroup(group []*pendingEvent) {
	sortBySlot(group)
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	var wanted []*pendingEvent
	for _, p := range group {
		if p.err = p.ctx.Err(); p.err == nil {
			wanted = append(wanted, p)
		}
	}
	s.storeTogether(ctx, wanted)
	crashpoint.Reach(crashpoint.AfterEvent)
	for _, p := range group {
		close(p.done)
	}
}

// storeTogether stores events in one transaction. If that fails, each is stored alone, so
// that a bad event leaves the others alone.
func (s *Store) storeTogether(ctx context.Context, events []*pendingEvent) {
	if len(events) == 0 {
		return
	}
	err := s.inGroupTx(ctx, func(tx groupTx) error {
		defer crashpoint.Reach(crashpoint.BeforeEvent)
		return s.storeEvents(ctx, tx, events)
	})
	if err == nil {
		return
	}
	if len(events) == 1 {
		events[0].accepted, events[0].err = Accepted{}, err
		return
	}
	for i := range events {
		s.storeTogether(ctx, events[i:i+1])
	}
}

func sortBySlot(group []*pendingEvent) {
	slices.SortStableFunc(group, func(a, b *pendingEvent) int {
		return cmp.Compare(a.slot, b.slot)
	})
}
