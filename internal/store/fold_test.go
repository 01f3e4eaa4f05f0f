package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/pushback/pushback/notify"
)

func messagesFold(t *testing.T, s *Store) {
	ctx := t.Context()
	put := func(id string) {
		t.Helper()
		o := Outgoing{ID: id, ChangeKey: "c-" + id, Receiver: "pager", CreatedAt: at(1), Message: notify.Message{Key: "c-" + id + "/red", Title: id}}
		must(t, true, "new")(s.PutOutgoing(ctx, o))
	}
	fold := func(id string, want bool) Outgoing {
		t.Helper()
		folded, into, err := s.FoldOutgoing(ctx, id, "fleet/h1", notify.Message{Key: "fleet/h1", Title: "all"}, at(2))
		if err != nil || folded != want {
			t.Fatalf("%s: %v, %v", id, folded, err)
		}
		return into
	}
	closing := func(id string, send bool, want ...string) {
		t.Helper()
		var got []string
		must(t, true, "composed")(s.CloseCollecting(ctx, id, func(of Outgoing, folded []Outgoing) (notify.Message, bool) {
			for _, o := range folded {
				if o.GroupedIn == of.ID {
					got = append(got, o.ID)
				}
			}
			of.Message.Title = fmt.Sprint(got)
			return of.Message, send
		}))
		if !slices.Equal(got, want) {
			t.Errorf("%s was composed of %v, want %v", id, got, want)
		}
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		put(id)
	}
	first := fold("a", true)
	if again := fold("b", true); again.ID != first.ID || first.State != Collecting || first.ID != "fleet/h1/pager" {
		t.Errorf("%+v, then %+v", first, again)
	}
	fold("b", false)
	if waiting, err := s.PendingOutgoing(ctx); err != nil || len(waiting) != 3 {
		t.Errorf("%d messages are to be sent, %v", len(waiting), err)
	}
	closing(first.ID, true, "a", "b")
	must(t, false, "composed twice")(s.CloseCollecting(ctx, first.ID, nil))
	if o, err := s.Outgoing(ctx, first.ID); err != nil || o.State != Pending || o.Message.Title != "[a b]" {
		t.Errorf("%+v, %v", o, err)
	}
	second := fold("c", true)
	if second.ID == first.ID {
		t.Error("a message was folded into one that is composed")
	}
	closing(second.ID, false, "c")
	if o, err := s.Outgoing(ctx, second.ID); err != nil || o.State != Grouped {
		t.Errorf("%+v, %v", o, err)
	}
	// Whoever was sending a message while it was folded has sent it.
	must(t, true, "sent all the same")(s.FinishOutgoing(ctx, "a", Sent, "", at(5)))
	must(t, false, "failed")(s.FinishOutgoing(ctx, "b", Failed, "no route", at(5)))
	if _, _, err := s.FoldOutgoing(ctx, "none", "fleet/h1", notify.Message{}, at(2)); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// However folding and composing meet, every message is in one that was composed with it.
func messagesFoldAtOnce(t *testing.T, s *Store) {
	ctx := t.Context()
	const messages = 40
	told := map[string]int{}
	closeAll := func() {
		rows, err := s.OutgoingOf(ctx, "fleet/h1")
		if err != nil {
			t.Error(err)
		}
		for _, row := range rows {
			var ids []string
			closed, err := s.CloseCollecting(ctx, row.ID, func(of Outgoing, folded []Outgoing) (notify.Message, bool) {
				for _, o := range folded {
					if o.GroupedIn == of.ID {
						ids = append(ids, o.ID)
					}
				}
				return of.Message, true
			})
			if err != nil {
				t.Error(err)
			}
			for _, id := range ids {
				if closed {
					told[id]++
				}
			}
		}
	}
	var folding sync.WaitGroup
	done := make(chan struct{})
	for worker := range 4 {
		folding.Go(func() {
			for i := range messages / 4 {
				id := fmt.Sprint("m", worker, "-", i)
				o := Outgoing{ID: id, ChangeKey: id, Receiver: "pager", CreatedAt: at(1), Message: notify.Message{Key: id + "/red"}}
				if _, err := s.PutOutgoing(ctx, o); err != nil {
					t.Error(err)
				}
				folded, err := false, error(nil)
				for !folded && (err == nil || errors.Is(err, ErrConflict)) {
					folded, _, err = s.FoldOutgoing(ctx, id, "fleet/h1", notify.Message{Key: "fleet/h1"}, at(2))
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	go func() { folding.Wait(); close(done) }()
	for more := true; more; {
		select {
		case <-done:
			more = false
		default:
		}
		closeAll()
	}
	if len(told) != messages {
		t.Errorf("%d of %d messages were told", len(told), messages)
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("%s was told %d times", id, n)
		}
	}
}
