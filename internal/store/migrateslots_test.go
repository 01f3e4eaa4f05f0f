package store

import (
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// flagEvent returns an event of one step of a flag of the service checkout.
func flagEvent(group, id, version string, status sources.Status, minute int) sources.Event {
	e := eventOf(id, version, status, minute)
	e.Service, e.Kind, e.Group, e.EventID = "checkout", sources.Flag, group, group+"."+e.EventID
	return e
}

// formerDatabase writes what a database held while all flags of a service shared a
// slot: keys without the group, and changes that another flag's superseded.
type formerDatabase struct {
	t     *testing.T
	s     *Store
	epoch int64
}

func (d *formerDatabase) add(e sources.Event, supersededBy, suspendedBy string) string {
	d.t.Helper()
	d.epoch++
	c := sources.Begin(e)
	slot := sources.Slot{Service: c.Service, Environment: c.Environment, Kind: c.Kind}
	body, err := encode(c)
	if err != nil {
		d.t.Fatal(err)
	}
	key := sources.Key(slot, c.ID)
	until := int64(0)
	if suspendedBy != "" {
		until = micros(at(59))
	}
	d.exec(`INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence,
			epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, '', TRUE, 0, $14)`,
		key, slotKey(slot), c.ID, c.Service, c.Environment, c.Version, c.Status, micros(c.StartedAt), micros(c.FinishedAt),
		d.epoch, supersededBy, suspendedBy, until, body)
	d.exec(`INSERT INTO names (slot, name, key) VALUES ($1, $2, $3)`, slotKey(slot), c.ID, key)
	d.exec(`INSERT INTO slots (slot, epoch) VALUES ($1, $2) ON CONFLICT (slot) DO UPDATE SET epoch = excluded.epoch`, slotKey(slot), d.epoch)
	return key
}

func (d *formerDatabase) exec(statement string, args ...any) {
	d.t.Helper()
	if _, err := d.s.write.ExecContext(d.t.Context(), statement, args...); err != nil {
		d.t.Fatal(err)
	}
}

// order writes a decided order that waits for a change of another flag.
func (d *formerDatabase) order(key string, e sources.Event) {
	d.t.Helper()
	body, err := encode(rollback.Order{Key: key, Change: sources.Begin(e), Rule: "red", Hook: "flags", Target: "10%", Evidence: []byte(`{}`)})
	if err != nil {
		d.t.Fatal(err)
	}
	d.exec(`INSERT INTO orders (key, service, environment, region, automatic, state, epoch, claim, created_at, expires_at,
			decided_at, sent_at, ended_at, suspended_until, actor, why, receipt, body)
		VALUES ($1, 'checkout', 'production', '', TRUE, $2, 1, 0, $3, 0, $3, 0, 0, $4, '', '', '', $5)`,
		key, rollback.Decided, micros(at(40)), micros(at(59)), body)
}

// slotsOfOlderDatabase opens a database in which flags a, e and n share a slot with
// flags that have no name.
func slotsOfOlderDatabase(t *testing.T, s *Store) {
	migrations, err := s.tableMigrations()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrations.DownTo(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	d := &formerDatabase{t: t, s: s}
	keyOf := func(kind sources.Kind, id string) string {
		return sources.Key(sources.Slot{Service: "checkout", Environment: "production", Kind: kind}, id)
	}
	deploy := eventOf("d1", "v1", sources.Succeeded, 3)
	deploy.Service, deploy.Group = "checkout", "train-7"
	d1 := d.add(deploy, "", "")
	unnamed := d.add(flagEvent("", "u1", "on", sources.Succeeded, 1), keyOf(sources.Flag, "a1"), "")
	a1 := d.add(flagEvent("a", "a1", "10%", sources.Succeeded, 2), keyOf(sources.Flag, "e1"), "")
	e1 := d.add(flagEvent("e", "e1", "5%", sources.Succeeded, 5), keyOf(sources.Flag, "e2"), "")
	e2 := d.add(flagEvent("e", "e2", "50%", sources.Succeeded, 20), keyOf(sources.Flag, "a2"), "")
	a2Event := flagEvent("a", "a2", "90%", sources.Succeeded, 30)
	n1 := keyOf(sources.Flag, "n1")
	a2 := d.add(a2Event, "", n1)
	d.order(a2, a2Event)
	d.add(flagEvent("n", "n1", "1%", sources.Started, 40), "", "")
	if err := s.migrateTables(t.Context()); err != nil {
		t.Fatal(err)
	}

	f := func(name, key, superseded, suspended string) {
		t.Helper()
		c := reread(t, s, Change{Key: key})
		if c.SupersededBy != superseded || c.SuspendedBy != suspended || c.Change.Key() != key {
			t.Errorf("%s: superseded by %q, want %q; suspended by %q, want %q; key %s", name, c.SupersededBy, superseded, c.SuspendedBy, suspended, c.Change.Key())
		}
	}
	f("a deploy is in its slot, whatever its group", d1, "", "")
	f("a flag without a name stays", unnamed, a1, "")
	f("the first step of a is superseded by its second", a1, a2, "")
	f("the second step of a is live, and waits for no other flag", a2, "", "")
	f("the first step of e is superseded by its second", e1, e2, "")
	f("the second step of e is live", e2, "", "")
	f("the started step of n", n1, "", "")

	if p, known, err := s.Predecessor(t.Context(), reread(t, s, Change{Key: a2})); err != nil || !known || p.Key != a1 {
		t.Errorf("before the second step of a: %+v, %v", p, err)
	}
	o, err := s.Order(t.Context(), a2)
	if err != nil || !o.SuspendedUntil.IsZero() || o.Change.Key() != a2 || o.Target != "10%" {
		t.Errorf("the order is suspended until %s and about %s: %+v, %v", o.SuspendedUntil, o.Change.Key(), o, err)
	}
	eventsAfterMigration(t, s, d.epoch, n1, a2)
}

// eventsAfterMigration: later events find the changes that moved, and epochs go on.
func eventsAfterMigration(t *testing.T, s *Store, epoch int64, n1, a2 string) {
	ended := accept(t, s, flagEvent("n", "n1", "1%", sources.Succeeded, 45))
	if ended.Created || ended.Change.Key != n1 || ended.Change.Status != sources.Succeeded {
		t.Errorf("the end of a change that moved: %+v", ended)
	}
	if c := reread(t, s, Change{Key: a2}); c.SupersededBy != "" {
		t.Errorf("flag n supersedes flag a: %+v", c)
	}
	next := accept(t, s, flagEvent("a", "a3", "100%", sources.Succeeded, 50)).Change
	if next.Epoch <= epoch || next.FormerKey != "" {
		t.Errorf("the epoch after %d is %d: %+v", epoch, next.Epoch, next)
	}
	if c := reread(t, s, Change{Key: a2}); c.SupersededBy != next.Key {
		t.Errorf("the third step of a does not supersede its second: %+v", c)
	}
	if state := state(t, s, a2); state != rollback.Cancelled {
		t.Errorf("the order of the second step is %s", state)
	}
}

// flagsOfOneService: a flag, an experiment and a config key are each replaced by a
// change of the same group alone. Deploys are replaced whatever their group.
func flagsOfOneService(t *testing.T, s *Store) {
	n := 0
	f := func(name string, kind sources.Kind, group, newer string, replaces bool) {
		t.Helper()
		n++
		event := func(group, version string, minute int) sources.Event {
			e := flagEvent(group, "step-"+group+version, version, sources.Succeeded, minute)
			e.Service, e.Kind, e.EventID = name, kind, e.EventID+name
			return e
		}
		old := accept(t, s, event(group, "50%", 10)).Change
		next := accept(t, s, event(newer, "90%", 20)).Change
		if old.Key == next.Key {
			t.Errorf("%s: both have the key %s", name, old.Key)
		}
		_, before, err := s.Predecessor(t.Context(), next)
		if superseded := reread(t, s, old).SupersededBy != ""; err != nil || superseded != replaces || before != replaces {
			t.Errorf("%s: superseded %v, predecessor %v, want %v; %v", name, superseded, before, replaces, err)
		}
	}
	f("the same flag", sources.Flag, "e", "e", true)
	f("two flags", sources.Flag, "e", "a", false)
	f("two experiments", sources.Experiment, "e", "a", false)
	f("the same experiment", sources.Experiment, "e", "e", true)
	f("two config keys", sources.Config, "timeout", "retries", false)
	f("all of the configuration, and a key of it", sources.Config, "", "retries", false)
	f("all of the configuration", sources.Config, "", "", true)
	f("two deploys of different trains", sources.Deploy, "train-1", "train-2", true)
}

// oneNameTwoFlags: tools number the steps of each flag by itself, so that two flags
// use one name for their changes.
func oneNameTwoFlags(t *testing.T, s *Store) {
	a := accept(t, s, flagEvent("a", "7", "10%", sources.Started, 10)).Change
	e := accept(t, s, flagEvent("e", "7", "50%", sources.Started, 11)).Change
	if a.Key == e.Key {
		t.Fatalf("both are %s", a.Key)
	}
	end := accept(t, s, flagEvent("a", "7", "10%", sources.Succeeded, 12)).Change
	if end.Key != a.Key || !end.FinishedAt.Equal(at(12)) {
		t.Errorf("the end of a's step 7 went to %+v", end)
	}
	if c := reread(t, s, e); c.Status != sources.Started || !c.FinishedAt.Equal(time.Time{}) {
		t.Errorf("e's step 7 is %+v", c)
	}
}
