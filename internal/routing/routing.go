// Package routing passes messages on: a message to a route becomes messages to the receivers that
// the route names, and is done.
//
//   - Who got a message of a thread gets the later ones too, however they match: who was woken by
//     "certain" must read "rolled back", which is less severe. The end of a thread goes to nobody else.
//   - During the quiet hours of an entry a thread waits, as long as nobody was told of it and nothing of
//     it is urgent. When it is told, all of it is told in order.
//   - A question is told to the receivers of an escalation when nobody has answered it until then. These
//     messages are stored with the question, so that a restart loses none.
//
// Passing on is idempotent: what it stores has names of its own, so that replicas, and a process
// that is killed in between, tell nobody twice.
//
// See adr/0137.
package routing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// Store is what is read and written of the store.
type Store interface {
	Order(ctx context.Context, key string) (rollback.Order, error)
	OutgoingOf(ctx context.Context, changeKey string) ([]store.Outgoing, error)
	PutOutgoing(ctx context.Context, o store.Outgoing) (created bool, err error)
	MoveOutgoing(ctx context.Context, id, from, to string) (bool, error)
}

// Options are what messages are passed on with. All are required.
type Options struct {
	Store   Store
	Owner   func(service string) string                      // the team that owns a service; "" for none
	Open    func() map[string]bool                           // by name: whether a freeze window is open
	Deliver func(ctx context.Context, rows []store.Outgoing) // has messages sent that are stored
	Now     func() time.Time
}

// quietCheck is how often it is asked whether quiet hours are over.
const quietCheck = 30 * time.Second

// Pass passes on a pending message to a route, and before it those of its thread that still wait. Where
// all of them wait for the end of quiet hours, wait is how long to ask again.
func (p Options) Pass(ctx context.Context, r notify.Router, o store.Outgoing) (wait time.Duration, err error) {
	all, err := p.Store.OutgoingOf(ctx, o.ChangeKey)
	if err != nil {
		return 0, fmt.Errorf("reading the messages beside %s: %w", o.ID, err)
	}
	t := threadOf(all, o)
	if p.quiet(r, t, o) {
		return quietCheck, nil
	}
	for _, m := range append(t.waiting(o), o) {
		rows := p.rows(r, t, m)
		t.rows = append(t.rows, rows...)
		if err := p.put(ctx, rows); err != nil {
			return 0, err
		}
	}
	if _, err := p.Store.MoveOutgoing(ctx, o.ID, store.Pending, store.Routed); err != nil {
		return 0, fmt.Errorf("recording that message %s was passed on: %w", o.ID, err)
	}
	return 0, nil
}

// quiet reports whether a message waits for the end of quiet hours: those of the first message of its
// thread that was not passed on yet.
func (p Options) quiet(r notify.Router, t thread, o store.Outgoing) bool {
	if o.Message.Urgent() || len(t.told(r.Reaches())) > 0 {
		return false
	}
	first := append(t.waiting(o), o)[0]
	window := r.Route(p.facts(first.Message)).Quiet
	return window != "" && p.Open()[window]
}

func (p Options) facts(m notify.Message) notify.Facts {
	return m.Facts(p.Owner(m.Field("service")))
}

// rows are the messages that one message to a route becomes.
func (p Options) rows(r notify.Router, t thread, o store.Outgoing) []store.Outgoing {
	to := t.told(r.Reaches())
	if !o.Message.Resolved {
		to = append(slices.Clone(r.Route(p.facts(o.Message)).To), to...)
	}
	slices.Sort(to)
	m, now := o.Message, p.Now()
	later := escalations(r, m, now)
	if len(later) > 0 {
		m.Fields = append(slices.Clone(m.Fields), notify.Field{Name: "unanswered", Value: escalates(later)})
	}
	id := strings.TrimSuffix(o.ID, "/"+o.Receiver)
	rows := store.Messages(id, o.ChangeKey, slices.Compact(to), m, now)
	for i := range later {
		later[i].ChangeKey = o.ChangeKey
	}
	return append(rows, later...)
}

func (p Options) put(ctx context.Context, rows []store.Outgoing) error {
	for _, row := range rows {
		created, err := p.Store.PutOutgoing(ctx, row)
		if err != nil {
			return fmt.Errorf("storing a message that was passed on: %w", err)
		}
		if created {
			p.Deliver(ctx, []store.Outgoing{row})
		}
	}
	return nil
}

// thread are the messages of one thread to all receivers, oldest first.
type thread struct{ rows []store.Outgoing }

func threadOf(all []store.Outgoing, o store.Outgoing) (t thread) {
	for _, one := range all {
		if one.Message.Key == o.Message.Key {
			t.rows = append(t.rows, one)
		}
	}
	return t
}

// waiting are the messages before o to the same route that were not passed on yet.
func (t thread) waiting(o store.Outgoing) (all []store.Outgoing) {
	for _, one := range t.rows {
		if one.Receiver == o.Receiver && one.State == store.Pending && one.CreatedAt.Before(o.CreatedAt) {
			all = append(all, one)
		}
	}
	return all
}

// told are those of the receivers that got a message of the thread, and not its end.
func (t thread) told(receivers []string) []string {
	var to []string
	for _, name := range receivers {
		open := false
		for _, one := range t.rows {
			if one.Receiver == name && one.State != store.Grouped && !one.HeldBack() {
				open = !one.Message.Resolved
			}
		}
		if open {
			to = append(to, name)
		}
	}
	return to
}
