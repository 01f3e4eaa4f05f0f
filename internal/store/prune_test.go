package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// arrived is a change that was reported when it happened.
func arrived(t *testing.T, s *Store, e sources.Event) Change {
	t.Helper()
	a, err := s.Accept(t.Context(), admitted(e), []byte(`{"raw":true}`), e.At)
	if err != nil {
		t.Fatal(err)
	}
	return a.Change
}

// whole is a deploy with a row in every table: a watch that looked and ended, an order that
// was sent or not, a message, a report, an outcome and entries of the journal.
func whole(t *testing.T, s *Store, service, version string, minute int, end watch.State, sent bool) Change {
	t.Helper()
	c := arrived(t, s, deployOf(service, version, minute))
	w := watch.Watch{ID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", RuleHash: "h", State: watch.Watching, From: at(minute), Acts: true}
	if err := s.PlanChange(t.Context(), c.Key, []watch.Watch{w}); err != nil {
		t.Fatal(err)
	}
	to := w
	to.State, to.EndedAt = end, at(minute)
	o := orderFor(c)
	o.CreatedAt = at(minute)
	ok, _, _, err := s.MoveWatch(t.Context(), w, to, Effects{
		Record:   &Record{At: at(minute), Verdict: detector.Verdict{Tick: 1}},
		Outgoing: Messages("m "+c.Key, c.Key, []string{"chat"}, notify.Message{Key: "thread"}, at(minute)),
		Order:    &o,
		Reports:  []Report{{ChangeKey: c.Key, Adapter: Grafana, Content: notify.Report{Version: version}}},
		Outcome:  &Outcome{WatchID: w.ID, ChangeKey: c.Key, Rule: "red", RuleHash: "h", Service: service, EndedAt: at(minute)},
		Entries:  []Entry{{At: at(minute), ChangeKey: c.Key, Actor: "rule red", Action: "end"}},
	})
	must(t, true, "ending the watch")(ok, err)
	must(t, true, "sending the message")(s.FinishOutgoing(t.Context(), "m "+c.Key+"/chat", Sent, "", at(minute)))
	if sent {
		set(t, s, `UPDATE orders SET state = $2, sent_at = $3, ended_at = $3 WHERE key = $1`, c.Key, rollback.Done, micros(at(minute)))
	} else {
		set(t, s, `UPDATE orders SET state = $2, ended_at = $3 WHERE key = $1`, c.Key, rollback.Refused, micros(at(minute)))
	}
	return c
}

func set(t *testing.T, s *Store, statement string, args ...any) {
	t.Helper()
	if _, err := s.write.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// rowsOf counts the rows of a change in every table that has any.
func rowsOf(t *testing.T, s *Store, c Change) map[string]int {
	t.Helper()
	all := map[string]int{}
	for table, condition := range map[string]string{
		"changes": "key = $1", "watches": "change_key = $1", "orders": "key = $1", "outgoing": "change_key = $1", "reports": "change_key = $1",
		"names": "key = $1", "events": "change_key = $1", "outcomes": "change_key = $1", "journal": "change_key = $1",
		"records": "watch_id LIKE $1 || '%'",
	} {
		var n int
		if err := s.read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table+` WHERE `+condition, c.Key).Scan(&n); err != nil {
			t.Fatal(table, err)
		}
		if n > 0 {
			all[table] = n
		}
	}
	return all
}

// retentionDeletes checks that of a slot's old changes those go that nobody needs, out of every
// table, and that of the others the records go.
func retentionDeletes(t *testing.T, s *Store) {
	states := []watch.State{watch.Healthy, watch.Regressed, watch.Healthy, watch.Inconclusive, watch.Healthy, watch.Healthy}
	var all []Change
	for i, state := range states {
		all = append(all, whole(t, s, "cart", fmt.Sprint("v", i+1), i+1, state, i == 1))
	}
	wantStanding(t, s, all[1], Bad)
	p, err := s.Prune(t.Context(), Ages{Before: at(30)})
	if err != nil || p.Changes != 2 || p.Records != 6 || p.Events != 2 || p.Bodies != 4 {
		t.Errorf("%+v, %v", p, err)
	}
	for i, c := range all {
		rows := rowsOf(t, s, c)
		switch i {
		case 0, 3: // neither good nor bad in a way that anybody asks for
			if len(rows) != 2 || rows["journal"] == 0 || rows["outcomes"] != 1 {
				t.Errorf("of v%d there are %v", i+1, rows)
			}
		default: // v2 is the last bad one, v3 replaced it, v5 is the last good one that was replaced, v6 is live
			if rows["changes"] != 1 || rows["watches"] != 1 || rows["records"] != 0 || rows["events"] != 1 || rows["names"] != 1 || rows["orders"] != 1 {
				t.Errorf("of v%d there are %v", i+1, rows)
			}
		}
	}
	if p, err := s.Prune(t.Context(), Ages{Before: at(30)}); err != nil || p != (Pruned{}) {
		t.Errorf("the second time: %+v, %v", p, err)
	}
	before, known, err := s.Predecessor(t.Context(), reread(t, s, all[5]))
	if err != nil || !known || before.Key != all[4].Key {
		t.Errorf("v6 goes back to %s, %v", before.Version, err)
	}
}

// retentionKeeps checks each reason for an old change to stay: without it, the change goes.
func retentionKeeps(t *testing.T, s *Store) {
	n := 0
	f := func(name string, keep func(c Change)) {
		t.Helper()
		n++
		service := fmt.Sprint("service", n)
		c := whole(t, s, service, "v1", 1, watch.Inconclusive, false)
		whole(t, s, service, "v2", 2, watch.Healthy, false)
		whole(t, s, service, "v3", 3, watch.Healthy, false)
		if keep(c); name != "" {
			defer set(t, s, `UPDATE watches SET running = FALSE WHERE change_key = $1`, c.Key)
		}
		_, err := s.Prune(t.Context(), Ages{Before: at(30)})
		if stays := rowsOf(t, s, c)["changes"] == 1; err != nil || stays != (name != "") {
			t.Errorf("%q: it stays %v, %v", name, stays, err)
		}
	}
	f("", func(Change) {})
	f("its watch is open", func(c Change) { set(t, s, `UPDATE watches SET running = TRUE WHERE change_key = $1`, c.Key) })
	f("it is not planned", func(c Change) { set(t, s, `UPDATE changes SET planned = FALSE WHERE key = $1`, c.Key) })
	f("its order is open", func(c Change) { set(t, s, `UPDATE orders SET ended_at = 0, state = 'decided' WHERE key = $1`, c.Key) })
	f("its order has just ended", func(c Change) { set(t, s, `UPDATE orders SET ended_at = $2 WHERE key = $1`, c.Key, micros(at(40))) })
	f("a message is to be sent", func(c Change) { set(t, s, `UPDATE outgoing SET state = 'pending' WHERE change_key = $1`, c.Key) })
	f("a message was just sent", func(c Change) {
		set(t, s, `UPDATE outgoing SET created_at = $2 WHERE change_key = $1`, c.Key, micros(at(40)))
	})
	f("it was watched until now", func(c Change) {
		set(t, s, `UPDATE records SET at = $2 WHERE watch_id = $1`, c.Key+".red", micros(at(40)))
	})
	f("it has just finished", func(c Change) { set(t, s, `UPDATE changes SET finished_at = $2 WHERE key = $1`, c.Key, micros(at(40))) })
	f("it was reported late", func(c Change) { set(t, s, `UPDATE changes SET received_at = $2 WHERE key = $1`, c.Key, micros(at(40))) })
	f("it is the last bad one", func(c Change) { set(t, s, `UPDATE changes SET standing = 'bad' WHERE key = $1`, c.Key) })
	f("its version came again", func(c Change) {
		set(t, s, `UPDATE changes SET standing = 'cleared' WHERE key = $1`, c.Key)
		set(t, s, `UPDATE changes SET version = 'v1' WHERE service = $1`, c.Service)
	})
	f("nothing replaced it", func(c Change) { set(t, s, `UPDATE changes SET superseded_by = '' WHERE key = $1`, c.Key) })
	f("no later version is good", func(c Change) { set(t, s, `UPDATE changes SET standing = '' WHERE service = $1`, c.Service) })
}

// retentionOfQuietSlots checks that slots in which nothing is judged, or nothing ever ends, keep a
// few changes only.
func retentionOfQuietSlots(t *testing.T, s *Store) {
	for i := range 28 {
		for _, status := range []sources.Status{sources.Succeeded, sources.Started} {
			e := eventOf(fmt.Sprint(status, i), fmt.Sprint("v", i), status, i)
			e.Service = string(status)
			c := arrived(t, s, e)
			set(t, s, `UPDATE changes SET planned = TRUE WHERE key = $1`, c.Key)
		}
	}
	if _, err := s.Prune(t.Context(), Ages{Before: at(30)}); err != nil {
		t.Fatal(err)
	}
	for service, want := range map[string]int{"succeeded": keptBefore, "started": keptBefore} {
		found, err := s.Changes(t.Context(), ChangeFilter{Service: service})
		if err != nil || len(found) != want || found[0].Version != "v27" {
			t.Errorf("%s: %d changes, want %d, %v", service, len(found), want, err)
		}
	}
}

// eventsAgain checks that an event is known as long as its change is there.
func eventsAgain(t *testing.T, s *Store) {
	first := deployOf("cart", "v1", 1)
	whole(t, s, "cart", "v1", 1, watch.Inconclusive, false)
	for i, version := range []string{"v2", "v3"} {
		whole(t, s, "cart", version, 2+i, watch.Healthy, false)
	}
	known := func(e sources.Event, want bool) {
		t.Helper()
		if got, err := s.Known(t.Context(), admitted(e).Event()); err != nil || got != want {
			t.Errorf("%s is known: %v, %v", e.EventID, got, err)
		}
	}
	known(first, true)
	if _, err := s.Prune(t.Context(), Ages{Before: at(30)}); err != nil {
		t.Fatal(err)
	}
	known(first, false)
	known(deployOf("cart", "v3", 3), true)
	if a := accept(t, s, deployOf("cart", "v3", 3)); !a.Duplicate {
		t.Error("the live change's event is no duplicate any more")
	}
}

// TestEveryTableHasAFate: docs/sizes.md says of each table how long its rows stay.
func TestEveryTableHasAFate(t *testing.T) {
	s := storetest.Open(t, Open)
	page, err := os.ReadFile("../../docs/sizes.md")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := collect(t.Context(), s.read, scanText, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil || len(tables) < 20 {
		t.Fatal(tables, err)
	}
	for _, table := range tables {
		if !strings.Contains(string(page), "`"+table+"`") {
			t.Errorf("docs/sizes.md does not say how long the rows of %s stay", table)
		}
	}
}

// TestSpaceComesBack: the file gets smaller when its rows go.
func TestSpaceComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	for i := range 200 {
		detail := []byte(fmt.Sprintf(`{"n":%d,"text":%q}`, i, randomText(i)))
		if err := s.Append(t.Context(), Entry{At: at(i / 4), Action: "test", Detail: detail}); err != nil {
			t.Fatal(err)
		}
	}
	before := fileSize(t, s)
	if _, err := s.Prune(t.Context(), Ages{JournalBefore: at(45)}); err != nil {
		t.Fatal(err)
	}
	free, err := s.pragma(t.Context(), "freelist_count")
	pages, err2 := s.pragma(t.Context(), "page_count")
	if err != nil || err2 != nil || free != 0 || pages*4096 > before/2 {
		t.Errorf("%d free pages of %d, %d bytes before, %v, %v", free, pages, before, err, err2)
	}
}

// randomText is 10 KB that cannot be packed.
func randomText(seed int) string {
	var b strings.Builder
	x := uint64(seed) + 1
	for range 10_000 {
		x = x*6364136223846793005 + 1442695040888963407
		b.WriteByte(byte('0' + x>>58))
	}
	return b.String()
}
