package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// foundOrders are the services of the orders that a filter finds.
func foundOrders(t *testing.T, s *Store, f OrderFilter, want string) {
	t.Helper()
	found, err := s.FindOrders(t.Context(), f)
	var services []string
	for _, o := range found {
		services = append(services, o.Change.Service)
	}
	if got := strings.Join(services, " "); err != nil || got != want {
		t.Errorf("%+v: %q, %v; want %q", f, got, err, want)
	}
}

func findingOrders(t *testing.T, s *Store) {
	var keys []string
	for i, service := range []string{"cart", "search", "mail"} {
		e := eventOf(service, "v1", sources.Succeeded, 10+i)
		e.Service, e.EventID = service, service
		c := accept(t, s, e).Change
		o := orderFor(c)
		o.CreatedAt, o.State = at(20+i), []rollback.State{rollback.Proposed, rollback.Decided, rollback.Proposed}[i]
		if _, _, err := s.CreateOrder(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, c.Key)
	}
	must(t, true, "reject")(s.MoveOrder(t.Context(), OrderMove{Key: keys[2], From: []rollback.State{rollback.Proposed}, To: rollback.Cancelled, Actor: "amy", At: at(30)}))
	f := func(o OrderFilter, want string) { t.Helper(); foundOrders(t, s, o, want) }
	f(OrderFilter{}, "mail search cart")
	f(OrderFilter{Limit: 2}, "mail search")
	f(OrderFilter{Before: at(22)}, "search cart")
	f(OrderFilter{Service: "cart"}, "cart")
	f(OrderFilter{States: []rollback.State{rollback.Proposed, rollback.Decided}}, "search cart")
	f(OrderFilter{States: []rollback.State{rollback.Cancelled}, Service: "mail"}, "mail")
	f(OrderFilter{States: []rollback.State{rollback.Done}}, "")
	steps, err := s.OrderSteps(t.Context(), keys[1:])
	if err != nil || len(steps) != 2 || len(steps[keys[2]]) != 2 || steps[keys[2]][1].Actor != "amy" {
		t.Errorf("%+v, %v", steps, err)
	}
}

func pastHolds(t *testing.T, s *Store) {
	none := func(Hold) []Outgoing { return nil }
	var all []Hold
	for i, service := range []string{"cart", "search", "mail"} {
		h, _, err := s.SetHold(t.Context(), Hold{Kind: GateHold, Service: service, Why: "w", Actor: "amy", At: at(i), Until: map[string]time.Time{"search": at(30)}[service]}, none)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, h)
	}
	must(t, true, "release")(s.ReleaseHold(t.Context(), all[0], "bob", at(10)))
	f := func(now, before time.Time, want ...string) {
		t.Helper()
		found, err := s.PastHolds(t.Context(), now, before, 10)
		var services []string
		for _, h := range found {
			services = append(services, h.Service)
		}
		if err != nil || !slices.Equal(services, want) {
			t.Errorf("at %s before %s: %v, %v; want %v", now, before, services, err, want)
		}
	}
	f(at(20), time.Time{}, "cart")
	f(at(30), time.Time{}, "search", "cart")
	f(at(30), at(1), "cart")
}

func openIncidents(t *testing.T, s *Store) {
	open, err := s.NoteIncident(t.Context(), Incident{Service: "cart", From: at(10), Why: "cable", Actor: "amy", At: at(15)})
	if err != nil || !open.Open() {
		t.Fatal(open, err)
	}
	masked := func(from, to int, want ...sources.Window) {
		t.Helper()
		got, err := s.MaskedWindows(t.Context(), "cart", "production", at(from), at(to))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%d to %d: %v, %v; want %v", from, to, got, err, want)
		}
	}
	masked(0, 30, sources.Window{From: at(10), To: at(30)})
	masked(20, 50, sources.Window{From: at(10), To: at(50)})
	masked(0, 9)
	e := eventOf("c1", "v1", sources.Succeeded, 12)
	accept(t, s, e)
	if in, err := s.ChangesBetween(t.Context(), "cart", "", at(10), at(20), 5); err != nil || len(in) != 1 {
		t.Errorf("%+v, %v", in, err)
	}
	if in, err := s.ChangesBetween(t.Context(), "", "production", at(13), at(20), 5); err != nil || len(in) != 0 {
		t.Errorf("%+v, %v", in, err)
	}
	if found, err := s.OpenIncidents(t.Context()); err != nil || len(found) != 1 || found[0].ID != open.ID {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := s.EndIncident(t.Context(), open.ID, "bob", at(5), at(40)); !errors.Is(err, ErrConflict) {
		t.Errorf("it ended before it began: %v", err)
	}
	ended, err := s.EndIncident(t.Context(), open.ID, "bob", at(35), at(40))
	if err != nil || !ended.To.Equal(at(35)) {
		t.Errorf("%+v, %v", ended, err)
	}
	masked(0, 59, sources.Window{From: at(10), To: at(35)})
	if _, err := s.EndIncident(t.Context(), open.ID, "bob", at(36), at(41)); !errors.Is(err, ErrConflict) {
		t.Errorf("ended twice: %v", err)
	}
	if _, err := s.EndIncident(t.Context(), "i99", "bob", at(36), at(41)); !errors.Is(err, ErrNotFound) {
		t.Errorf("no incident: %v", err)
	}
	past, err := s.PastIncidents(t.Context(), time.Time{}, 5)
	if err != nil || len(past) != 1 || past[0].ID != open.ID {
		t.Errorf("%+v, %v", past, err)
	}
	if past, err := s.PastIncidents(t.Context(), at(10), 5); err != nil || len(past) != 0 {
		t.Errorf("%+v, %v", past, err)
	}
	if one, err := s.Incident(t.Context(), open.ID); err != nil || one.Why != "cable" {
		t.Errorf("%+v, %v", one, err)
	}
}

func findingEntries(t *testing.T, s *Store) {
	c := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 10)).Change
	for i, e := range []Entry{
		{Actor: "amy", Action: "hold"}, {Actor: "rule red", Action: "respond", ChangeKey: c.Key}, {Actor: "amy", Action: "clear", ChangeKey: c.Key}, {Actor: "bob", Action: "hold"},
	} {
		e.At, e.Detail = at(20+i), []byte(`{"n":1}`)
		if err := s.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	f := func(filter JournalFilter, want ...int64) {
		t.Helper()
		found, err := s.FindJournal(t.Context(), filter)
		var got []int64
		for _, e := range found {
			got = append(got, e.Seq)
			if e.Hash != e.Sum() || e.ChangeKey != "" && (e.Service != "cart" || e.Version != "v1") {
				t.Errorf("%+v", e)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v: %v, %v; want %v", filter, got, err, want)
		}
	}
	f(JournalFilter{}, 4, 3, 2, 1)
	f(JournalFilter{Limit: 2}, 4, 3)
	f(JournalFilter{Before: 3}, 2, 1)
	f(JournalFilter{Actor: "amy"}, 3, 1)
	f(JournalFilter{Action: "hold"}, 4, 1)
	f(JournalFilter{Actor: "amy", Action: "hold"}, 1)
	f(JournalFilter{ChangeKey: c.Key}, 3, 2)
	f(JournalFilter{Service: "cart", Action: "clear"}, 3)
	f(JournalFilter{Service: "search"})
	f(JournalFilter{From: at(21)}, 4, 3, 2)
	f(JournalFilter{From: at(21), To: at(23)}, 3, 2)
	f(JournalFilter{To: at(20)})
	f(JournalFilter{From: at(59)})
	first, last, err := s.JournalEnds(t.Context())
	if err != nil || first != 1 || last != 4 {
		t.Errorf("%d to %d, %v", first, last, err)
	}
	var walked []int64
	err = s.AuditRange(t.Context(), 2, 3, func(e Entry) error { walked = append(walked, e.Seq); return nil })
	if err != nil || !slices.Equal(walked, []int64{2, 3}) {
		t.Errorf("%v, %v", walked, err)
	}
}

func journalChecks(t *testing.T, s *Store) {
	for i := range 2 {
		c := JournalCheck{Kind: WholeCheck, At: at(i + 1), Replica: "one", First: 1, Through: int64(i), Hash: "h", Fault: fmt.Sprint("f", i), FaultAt: at(1)}
		if err := s.PutJournalCheck(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if all, err := s.JournalChecks(t.Context()); err != nil || len(all) != 1 || all[WholeCheck] != c {
			t.Errorf("%+v, %v; want %+v", all, err, c)
		}
	}
}

func lastFires(t *testing.T, s *Store) {
	for i, fired := range []bool{true, false, true} {
		o := Outcome{WatchID: fmt.Sprint("w", i), ChangeKey: "k", Rule: "red", RuleHash: "h", Service: "cart", EndedAt: at(i), Fired: fired, FalseAlarm: i == 2}
		if err := s.PutOutcome(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.LastFires(t.Context(), "h", 5)
	if err != nil || len(all) != 2 || all[0].WatchID != "w2" || !all[0].FalseAlarm || all[1].WatchID != "w0" {
		t.Errorf("%+v, %v", all, err)
	}
}

func lastSent(t *testing.T, s *Store) {
	for i, receiver := range []string{"chat", "chat", "pager"} {
		o := Outgoing{ID: fmt.Sprint("m", i), Receiver: receiver, State: Pending, CreatedAt: at(i), Message: notify.Message{Key: "k"}}
		if _, err := s.PutOutgoing(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.write.ExecContext(t.Context(), `UPDATE outgoing SET state = 'sent', sent_at = created_at + 5 WHERE receiver = 'chat'`); err != nil {
		t.Fatal(err)
	}
	got, err := s.LastSent(t.Context(), []string{"pager", "chat", "chat"})
	if err != nil || len(got) != 1 || !got["chat"].Equal(at(1).Add(5*time.Microsecond)) {
		t.Errorf("%v, %v", got, err)
	}
}
