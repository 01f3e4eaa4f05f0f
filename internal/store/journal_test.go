package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// chain returns all entries of the journal, and fails the test if a hash does
// not fit.
func chain(t *testing.T, s *Store, from, to time.Time) (all []Entry) {
	t.Helper()
	err := s.Audit(t.Context(), from, to, func(e Entry) error {
		if e.Hash != e.Sum() || len(all) > 0 && (e.Prev != all[len(all)-1].Hash || e.Seq != all[len(all)-1].Seq+1) {
			t.Errorf("entry %d is not linked to the one before", e.Seq)
		}
		all = append(all, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func appendAll(t *testing.T, s *Store, n int) {
	t.Helper()
	var g errgroup.Group
	for i := range n {
		g.Go(func() error {
			return s.Append(t.Context(), Entry{At: at(i % 60), Actor: "amy", Action: "test", Detail: []byte(`{ "text": "<a & b>" }`)})
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// The database itself refuses changes of the journal, whichever client makes
// them.
func journalIsSealed(t *testing.T, s *Store) {
	appendAll(t, s, 3)
	before := chain(t, s, time.Time{}, time.Time{})
	for _, statement := range []string{
		`UPDATE journal SET actor = 'mallory' WHERE seq = 2`,
		`DELETE FROM journal WHERE seq = 2`,
		`DELETE FROM journal`,
		`INSERT INTO journal (seq, at, change_key, actor, action, detail, hash) VALUES (2, 0, '', '', '', '', '')`,
	} {
		if _, err := s.write.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("the database allowed: %s", statement)
		}
	}
	if s.dialect == SQLite {
		_, err := s.write.ExecContext(t.Context(), `INSERT OR REPLACE INTO journal (seq, at, change_key, actor, action, detail, hash) VALUES (2, 0, '', '', '', '', '')`)
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("an entry was replaced: %v", err)
		}
	}
	if after := chain(t, s, time.Time{}, time.Time{}); len(after) != 3 || after[1].Actor != before[1].Actor {
		t.Errorf("%d entries: %+v", len(after), after)
	}
}

func journalIsChained(t *testing.T, s *Store) {
	appendAll(t, s, 1+2*auditPage)
	all := chain(t, s, time.Time{}, time.Time{})
	if len(all) != 1+2*auditPage || all[0].Prev != "" || all[0].Seq != 1 {
		t.Fatalf("%d entries, the first %+v", len(all), all[0])
	}
	forged := all[5]
	forged.Detail = []byte(`{"text":"c"}`)
	if forged.Sum() == all[5].Hash {
		t.Error("another detail has the same sum")
	}
	stop := errors.New("enough")
	if err := s.Audit(t.Context(), time.Time{}, time.Time{}, func(Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the walk went on: %v", err)
	}
}

func journalByTime(t *testing.T, s *Store) {
	for _, minute := range []int{10, 20, 15, 30, 40} { // a clock went back once
		if err := s.Append(t.Context(), Entry{At: at(minute), Actor: "amy", Action: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	f := func(from, to time.Time, want ...int64) {
		t.Helper()
		var got []int64
		for _, e := range chain(t, s, from, to) {
			got = append(got, e.Seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("from %s to %s: %v, want %v", from, to, got, want)
		}
	}
	f(time.Time{}, time.Time{}, 1, 2, 3, 4, 5)
	f(at(20), at(31), 2, 3, 4)
	f(at(15), at(20), 3)
	f(at(41), time.Time{})
	f(time.Time{}, at(10))
}

// Every move of an order has a journal entry, stored in the same transaction.
func movesAreRecorded(t *testing.T, s *Store) {
	o := created(t, s)
	claim, _, err := s.ClaimOrder(t.Context(), o.Key, o.Epoch, now)
	if err != nil {
		t.Fatal(err)
	}
	receipt := rollback.Receipt{At: now, Status: "200 OK", Output: "on my way"}
	result := OrderResult{Key: o.Key, Claim: claim, State: rollback.Done, Receipt: receipt, At: now}
	must(t, true, "finish")(s.FinishOrder(t.Context(), result))
	must(t, false, "finish again")(s.FinishOrder(t.Context(), result))
	second := accept(t, s, eventOf("c2", "v2", sources.Succeeded, 20)).Change
	if _, _, err := s.CreateOrder(t.Context(), orderFor(second)); err != nil {
		t.Fatal(err)
	}
	accept(t, s, eventOf("c3", "v3", sources.Succeeded, 30))
	var got []string
	for _, e := range chain(t, s, time.Time{}, time.Time{}) {
		got = append(got, e.Actor+": "+string(e.Detail))
	}
	want := []string{`"to":"decided"`, `"to":"sending"`, `"output":"on my way"`, `"to":"decided"`, `"to":"cancelled"`}
	if len(got) != len(want) {
		t.Fatalf("%d entries: %q", len(got), got)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("entry %d is %s, want %s in it", i, got[i], want[i])
		}
	}
	if !strings.HasPrefix(got[0], "rule red: ") || !strings.Contains(got[0], `"evidence":{}`) {
		t.Errorf("a new order is %s", got[0])
	}
}

// A decided order can go back to proposed once, and is not automatic any more.
func askingPeople(t *testing.T, s *Store) {
	o := created(t, s)
	must(t, true, "ask")(s.AskPeople(t.Context(), o.Key, "confounded", at(58), now))
	must(t, false, "ask again")(s.AskPeople(t.Context(), o.Key, "confounded", at(58), now))
	got, err := s.Order(t.Context(), o.Key)
	if err != nil || got.State != rollback.Proposed || got.Automatic || got.Why != "confounded" || !got.ExpiresAt.Equal(at(58)) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.NoteWhy(t.Context(), o.Key, "nobody asked"); err != nil {
		t.Fatal(err)
	}
	if got, _ = s.Order(t.Context(), o.Key); got.Why != "confounded" {
		t.Errorf("a reason to wait was noted on an order that is %s", got.State)
	}
}

func holds(t *testing.T, s *Store) {
	hold := Hold{Kind: FleetHold, Why: "everything is down", Actor: "pushback", At: at(10), Until: at(30)}
	message := func(h Hold) []Outgoing {
		return []Outgoing{{ID: "fleet/" + h.ID, Receiver: "pager", CreatedAt: at(10)}}
	}
	var g errgroup.Group
	var won [10]bool
	for i := range won {
		g.Go(func() (err error) {
			_, won[i], err = s.SetHold(t.Context(), hold, message)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	first := slices.Index(won[:], true)
	if first < 0 || slices.Contains(won[first+1:], true) {
		t.Errorf("set by %v, want one", won)
	}
	if pending, err := s.PendingOutgoing(t.Context()); err != nil || len(pending) != 1 {
		t.Errorf("%d messages, %v", len(pending), err)
	}
	inForce := func(minute, want int) []Hold {
		t.Helper()
		hs, err := s.Holds(t.Context(), at(minute))
		if err != nil || len(hs) != want {
			t.Errorf("at %d: %+v, %v; want %d", minute, hs, err, want)
		}
		return hs
	}
	held := inForce(20, 1)[0]
	inForce(30, 0)
	gate := func(h Hold) []Outgoing { return nil }
	if _, set, err := s.SetHold(t.Context(), Hold{Kind: GateHold, Service: "cart", Actor: "amy", At: at(12)}, gate); err != nil || !set {
		t.Errorf("another kind: %v, %v", set, err)
	}
	must(t, true, "release")(s.ReleaseHold(t.Context(), held, "bob", at(20)))
	must(t, false, "release again")(s.ReleaseHold(t.Context(), held, "bob", at(20)))
	if rest := inForce(20, 1); !rest[0].Covers("cart", "production") || rest[0].Covers("search", "production") {
		t.Errorf("covers the wrong service: %+v", rest[0])
	}
	if entries := chain(t, s, time.Time{}, time.Time{}); len(entries) != 3 || entries[2].Actor != "bob" || entries[2].Action != "release" {
		t.Errorf("journal: %+v", entries)
	}
}

func secrets(t *testing.T, s *Store) {
	var g errgroup.Group
	var got [10]string
	for i := range got {
		g.Go(func() error {
			b, err := s.Secret(t.Context(), "approval", []byte{byte(i)})
			got[i] = string(b)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, one := range got {
		if one != got[0] || one == "" {
			t.Fatalf("secrets differ: %q", got)
		}
	}
}
