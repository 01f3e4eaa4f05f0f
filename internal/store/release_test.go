package store

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// update writes the database of this version as testdata/schema-<version>.sql. It is run
// once before a release, and never for a version that is released:
//
//	go test ./internal/store -run TestWriteRelease -update
var update = flag.Bool("update", false, "write the database of this version into testdata")

// TestWriteRelease checks that the database which a release leaves behind has a row in every
// table: otherwise no test would see what a migration does to it.
func TestWriteRelease(t *testing.T) {
	s := storetest.Open(t, Open)
	fillRelease(t, s)
	tables := tablesOf(t, s)
	for _, table := range tables {
		var n int
		if err := s.read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil || n == 0 {
			t.Errorf("table %s has %d rows, %v", table, n, err)
		}
	}
	if !*update {
		return
	}
	version := 0
	if err := s.read.QueryRowContext(t.Context(), `SELECT MAX(version_id) FROM goose_db_version`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	text := "-- A database of schema " + fmt.Sprint(version) + ", written by: go test ./internal/store -run TestWriteRelease -update\n" +
		dumpSchema(t, s) + dumpRows(t, s, tables)
	if err := os.WriteFile(fmt.Sprintf("testdata/schema-%d.sql", version), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fillRelease stores something in every table: deploys that ended in each way, one that is
// watched, orders in several states, flags of one service, and what people and rules did.
func fillRelease(t *testing.T, s *Store) {
	t.Helper()
	whole(t, s, "cart", "v1", 1, watch.Healthy, false)
	whole(t, s, "cart", "v2", 2, watch.Regressed, true)
	whole(t, s, "search", "v1", 3, watch.Inconclusive, false)
	for i, state := range []rollback.State{rollback.Proposed, rollback.Approved, rollback.Decided, rollback.Sending} {
		c := arrived(t, s, deployOf("pay-"+string(state), "v1", 10+i))
		o := orderFor(c)
		o.State = state
		_, ok, err := s.CreateOrder(t.Context(), o)
		must(t, true, "creating an order")(ok, err)
	}
	arrived(t, s, flagEvent("new-checkout", "flip1", "on", sources.Started, 20))
	arrived(t, s, flagEvent("dark-mode", "flip2", "50%", sources.Succeeded, 21))
	fillWatched(t, s)
	fillPeople(t, s)
	fillUpkeep(t, s)
	fillDeliveries(t, s)
}

// fillDeliveries counts deliveries of a source, and keeps the body of one that was refused.
func fillDeliveries(t *testing.T, s *Store) {
	t.Helper()
	at := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	counts := s.AddSourceCounts(t.Context(), []SourceCount{{Source: "builds", Since: at, Accepted: 3, Refused: 1, RefusedAt: at, RefusedReason: "map.service gives nothing"}})
	capture := s.BeginCapture(t.Context(), Capture{Source: "builds", BegunAt: at, EndsAt: at.Add(24 * time.Hour), Actor: "amy"})
	kept := s.KeepCaptured(t.Context(), Captured{ID: "b1", Source: "builds", At: at, Outcome: "refused", Reason: "map.service gives nothing", Bytes: 7, Body: "{\"a\":1}"}, 10)
	_, held := s.AddProtection(t.Context(), Protection{
		ID: "hub/repos/acme/cart/actions/runs/5/7", Adapter: "hub", AskedAt: at,
		Held: Held{Source: "builds", Service: "cart", Environment: "production", Version: "v3", Wait: notify.Wait{ID: "/repos/acme/cart/actions/runs/5/7", Environment: "staging", AtMost: 2 * time.Hour}},
	})
	if err := errors.Join(counts, capture, kept, held); err != nil {
		t.Fatal(err)
	}
}

// fillWatched stores a deploy that is watched, with ten looks and the profile that they are
// judged by.
func fillWatched(t *testing.T, s *Store) {
	t.Helper()
	hash := putProfile(t, s, "errors", 40, 25)
	c := arrived(t, s, deployOf("mail", "v1", 30))
	w := watch.Watch{
		ID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", RuleHash: "h", State: watch.Watching, From: at(30),
		Bake: time.Hour, Acts: true, Profiles: map[string]string{"errors": hash},
	}
	if err := s.PlanChange(t.Context(), c.Key, []watch.Watch{w}); err != nil {
		t.Fatal(err)
	}
	r, before := rand.New(rand.NewPCG(1, 2)), look{}
	for i := range 10 {
		before = drawnLook(r, 2, i, before)
		storeLook(t, s, &w, before)
	}
	rows := Messages("warning "+c.Key, c.Key, []string{"chat", "pager"}, notify.Message{Key: c.Key, Title: "mail's errors rose"}, at(31))
	if _, err := s.PutOutgoing(t.Context(), rows[0]); err != nil {
		t.Fatal(err)
	}
}

// fillPeople stores what people do.
func fillPeople(t *testing.T, s *Store) {
	t.Helper()
	_, ok, err := s.SetHold(t.Context(), Hold{Kind: GateHold, Service: "cart", Why: "it's Friday", Actor: "amy", At: at(40)}, func(Hold) []Outgoing { return nil })
	must(t, true, "setting a hold")(ok, err)
	if _, err := s.NoteIncident(t.Context(), Incident{Service: "cart", From: at(1), To: at(2), Why: "DNS", Actor: "bob", At: at(41)}); err != nil {
		t.Fatal(err)
	}
	trust := Trust{RuleHash: "h", Service: EveryService, Rule: "red", Mode: "act", Actor: "amy", Why: "earned", At: at(42)}
	if err := s.PutTrust(t.Context(), trust, Entry{At: at(42), Actor: "amy", Action: "promote", Detail: []byte(`{"rule":"red"}`)}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutBacktest(t.Context(), Backtest{RuleHash: "h", Rule: "red", Mode: "act", Judged: 400, Actor: "amy", At: at(42)}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutJournalCheck(t.Context(), JournalCheck{Kind: WholeCheck, At: at(43), Replica: "one", First: 1, Through: 4, Hash: "h"}); err != nil {
		t.Fatal(err)
	}
	session := s.BeginSession(t.Context(), Session{ID: "hash", BegunAt: at(43), UsedAt: at(43), EndsAt: at(59)}, "")
	if err := errors.Join(session, s.CreateToken(t.Context(), testToken("deploys", 44))); err != nil {
		t.Fatal(err)
	}
}

// fillUpkeep stores what Pushback does for itself, and deletes the oldest entry of the journal.
func fillUpkeep(t *testing.T, s *Store) {
	t.Helper()
	if err := s.PutGoodRules(t.Context(), []byte(`{"files":{}}`), at(50)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Secret(t.Context(), "approval", []byte("a key of a test")); err != nil {
		t.Fatal(err)
	}
	if err := s.Join(t.Context(), "here"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ClaimRun(t.Context(), "nightly", at(50), at(51), at(52)); err != nil {
		t.Fatal(err)
	}
	set(t, s, `INSERT INTO restores (at, known_to, actor, source) VALUES ($1, $2, 'amy', 'old.db')`, micros(at(50)), micros(at(45)))
	set(t, s, `UPDATE schedules SET holder = '', leased_until = 0`) // as a start of this file would
	if _, err := s.Prune(t.Context(), Ages{JournalBefore: at(1).Add(time.Second)}); err != nil {
		t.Fatal(err)
	}
	if err := s.MeasureSizes(t.Context(), now, Ages{}); err != nil {
		t.Fatal(err)
	}
}
