package store

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// messagesInOrder holds that the messages of one receiver about one change have an order,
// and that each knows what waits before and after it in its thread.
func messagesInOrder(t *testing.T, s *Store) {
	put := func(id, receiver, thread string, minute int) {
		t.Helper()
		m := Outgoing{ID: id, ChangeKey: "k", Receiver: receiver, CreatedAt: at(minute), Message: notify.Message{Key: thread}}
		must(t, true, id)(s.PutOutgoing(t.Context(), m))
	}
	put("found", "chat", "k/red", 5)
	put("waits", "chat", "k/red", 5)   // in the same moment
	put("refused", "chat", "k/red", 4) // by a replica whose clock is behind
	put("other thread", "chat", "k/blue", 6)
	put("other receiver", "pager", "k/red", 6)
	all, err := s.OutgoingOf(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]Outgoing{}
	var order []string
	for _, o := range all {
		byID[o.ID] = o
		if o.Receiver == "chat" && o.Message.Key == "k/red" {
			order = append(order, o.ID)
		}
	}
	if want := []string{"found", "waits", "refused"}; !slices.Equal(order, want) {
		t.Errorf("in the order %q, want %q", order, want)
	}
	f := func(id string, earlier, later bool) {
		t.Helper()
		must(t, earlier, "earlier than "+id)(s.EarlierPending(t.Context(), byID[id]))
		must(t, later, "later than "+id)(s.LaterPending(t.Context(), byID[id]))
	}
	f("found", false, true)
	f("waits", true, true)
	f("refused", true, false)
	f("other thread", false, false)
	f("other receiver", false, false)
	must(t, true, "sent")(s.FinishOutgoing(t.Context(), "found", Sent, "", at(7)))
	f("waits", false, true)
	must(t, true, "given up")(s.FinishOutgoing(t.Context(), "waits", Failed, "410", at(7)))
	f("refused", false, false)
}

// ordersTellTheirMoves holds that the messages of a claim and of a wait are stored with it or
// not at all.
func ordersTellTheirMoves(t *testing.T, s *Store) {
	o := created(t, s)
	message := func(id string) Outgoing {
		return Outgoing{ID: id, ChangeKey: o.Key, Receiver: "chat", CreatedAt: now, Message: notify.Message{Key: "k"}}
	}
	stored := func(want ...string) {
		t.Helper()
		all, err := s.OutgoingOf(t.Context(), o.Key)
		var ids []string
		for _, m := range all {
			ids = append(ids, m.ID)
		}
		if diff := cmp.Diff(want, ids); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	must(t, true, "waits")(s.NoteWhy(t.Context(), o.Key, "waits: v2 rolls", message("waits")))
	must(t, false, "waits for the same")(s.NoteWhy(t.Context(), o.Key, "waits: v2 rolls", message("waits again")))
	stored("waits")
	_, ok, err := s.ClaimOrder(t.Context(), o.Key, o.Epoch+1, at(30), message("of another epoch"))
	must(t, false, "claimed for another epoch")(ok, err)
	_, ok, err = s.ClaimOrder(t.Context(), o.Key, o.Epoch, at(30), message("sending"))
	must(t, true, "claimed")(ok, err)
	must(t, false, "waits no more")(s.NoteWhy(t.Context(), o.Key, "waits: v3 rolls", message("too late")))
	stored("waits", "sending")
}

// replacedOrders holds that an order that a newer change has cancelled is found until its
// receivers are told, and that nothing announces an order that cannot be made any more.
func replacedOrders(t *testing.T, s *Store) {
	w := planned(t, s)
	c := reread(t, s, Change{Key: w.ChangeKey})
	first, second := orderFor(c), orderFor(c)
	first.Receivers, second.Receivers = []string{"chat"}, []string{"chat", "pager"}
	_, _, made, err := s.MoveWatch(t.Context(), w, w, Effects{Order: &first})
	must(t, true, "created")(made, err)
	w.Revision++
	_, stored, made, err := s.MoveWatch(t.Context(), w, w, Effects{Order: &second})
	must(t, false, "a second order")(made, err)
	if again, err := s.Order(t.Context(), c.Key); err != nil || !slices.Equal(again.Receivers, second.Receivers) || again.State != stored.State {
		t.Errorf("%+v, %v; want the receivers of both rules", again, err)
	}
	untold := func(want int) {
		t.Helper()
		if found, err := s.UntoldReplaced(t.Context(), at(0)); err != nil || len(found) != want {
			t.Errorf("%d orders, %v; want %d", len(found), err, want)
		}
	}
	untold(0)
	accept(t, s, eventOf("newer", "v9", sources.Succeeded, 20))
	if o, err := s.Order(t.Context(), c.Key); err != nil || o.State != rollback.Cancelled {
		t.Fatalf("%+v, %v", o, err)
	}
	untold(1)
	w.Revision++
	late := Effects{Order: &first, Outgoing: []Outgoing{{ID: "ordered", ChangeKey: c.Key}}}
	moved, _, _, err := s.MoveWatch(t.Context(), w, w, late)
	must(t, false, "an order of a change that was replaced")(moved, err)
	if rows, err := s.OutgoingOf(t.Context(), c.Key); err != nil || len(rows) != 0 {
		t.Errorf("announced: %+v, %v", rows, err)
	}
	must(t, true, "told")(s.PutOutgoing(t.Context(), Outgoing{ID: "order/" + c.Key + "/cancelled/chat", ChangeKey: c.Key}))
	untold(0)
}

// progressOfOrders holds that how far a rollout has come is kept in the receipt beside what
// the hook has started, and that only messages go into the journal with it.
func progressOfOrders(t *testing.T, s *Store) {
	o := created(t, s)
	must(t, false, "not sent")(s.NoteProgress(t.Context(), o.Key, 1, "0 of 3", at(30)))
	claim, ok, err := s.ClaimOrder(t.Context(), o.Key, o.Epoch, at(30))
	must(t, true, "claimed")(ok, err)
	if err := s.NoteReceipt(t.Context(), o.Key, claim, rollback.Receipt{Handle: "7", Status: "started"}); err != nil {
		t.Fatal(err)
	}
	before, err := s.Journal(t.Context(), o.Key)
	must(t, false, "another claim")(s.NoteProgress(t.Context(), o.Key, claim+1, "1 of 3", at(31)))
	must(t, true, "news")(s.NoteProgress(t.Context(), o.Key, claim, "1 of 3", at(31)))
	must(t, false, "no news")(s.NoteProgress(t.Context(), o.Key, claim, "1 of 3", at(32)))
	slow := Outgoing{ID: "slow", ChangeKey: o.Key, Receiver: "chat", CreatedAt: at(33)}
	must(t, true, "slow")(s.NoteProgress(t.Context(), o.Key, claim, "1 of 3", at(33), slow))
	after, err2 := s.Journal(t.Context(), o.Key)
	if err != nil || err2 != nil || len(after) != len(before)+1 {
		t.Errorf("%d entries more, %v, %v; want that of the message", len(after)-len(before), err, err2)
	}
	got, err := s.Order(t.Context(), o.Key)
	if want := (rollback.Receipt{At: at(33), Handle: "7", Status: "1 of 3"}); err != nil || *got.Receipt != want {
		t.Errorf("%+v, %v; want %+v", got.Receipt, err, want)
	}
	if m, err := s.Outgoing(t.Context(), "slow"); err != nil || m.State != Pending {
		t.Errorf("%+v, %v", m, err)
	}
}
