package planning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

var began = time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)

// cartRule watches the service cart, and those whose name begins with cart-.
const cartRule = `{team: shop, rules: [{name: red, watch: {service: "cart*", environment: production}, settle: 15s, bake: 5m, every: 15s, signals: [{name: errors, query: up}]}]}`

// fixture is a planner over a real database, with a log of what it did there.
type fixture struct {
	*Planner
	t     testing.TB
	store *store.Store
	log   bytes.Buffer

	mu      sync.Mutex
	commits [][]store.Plan // what every transaction stored
	asked   int            // for what came before a change
	begun   []watch.Watch
	reloads int
	read    int // pages of the backlog

	settled bool
	poison  map[string]bool                                       // changes that fail every transaction they are in
	locked  map[string]bool                                       // changes that another transaction has locked
	down    error                                                 // the database does not answer
	commit  func(ctx context.Context, plans []store.Plan)         // called before every transaction
	report  func(c store.Change, ws []watch.Watch) []store.Report // Options.Report, of all changes
}

// newFixture returns a planner under cartRule.
func newFixture(t testing.TB, change func(*fixture)) *fixture {
	t.Helper()
	s := storetest.Open(t, store.Open)
	set, broken := rules.Load(fstest.MapFS{"red.yml": {Data: []byte(cartRule)}}, rules.World{})
	if len(broken) > 0 {
		t.Fatal(broken[0])
	}
	f := &fixture{t: t, store: s, settled: true, poison: map[string]bool{}, locked: map[string]bool{}}
	if change != nil {
		change(f)
	}
	f.Planner = New(Options{
		Store: f, Situation: f, Report: f.report, ReportAll: f.report != nil,
		Rules:   func() (*rules.Set, bool) { return set, f.settled },
		Service: func(name string) rules.Service { return rules.Service{Name: name} },
		Begun: func(_ context.Context, stored []store.Plan) {
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, p := range stored {
				f.begun = append(f.begun, p.Watches...)
			}
		},
		Reload: func(context.Context) error { f.reloads++; return nil },
		Log:    slog.New(slog.NewTextHandler(&f.log, nil)), Now: func() time.Time { return began },
	})
	return f
}

func (f *fixture) UnplannedChanges(ctx context.Context, after store.UnplannedPage, limit int) (store.UnplannedPage, error) {
	f.read++
	page, err := f.store.UnplannedChanges(ctx, after, limit)
	return page, errors.Join(err, f.down)
}

func (f *fixture) PlanChanges(ctx context.Context, plans []store.Plan) ([]store.Plan, int, error) {
	if f.commit != nil {
		f.commit(ctx, plans)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var free []store.Plan
	for _, p := range plans {
		if f.poison[p.Change.Key] || f.down != nil {
			return nil, 0, errors.Join(errors.New("refused"), f.down)
		}
		if !f.locked[p.Change.Key] {
			free = append(free, p)
		}
	}
	stored, _, err := f.store.PlanChanges(ctx, free)
	f.commits = append(f.commits, stored)
	return stored, len(plans) - len(free), err
}

func (f *fixture) Ping(context.Context) error { return f.down }

func (f *fixture) Predecessor(ctx context.Context, c store.Change) (situation.Predecessor, error) {
	f.mu.Lock()
	f.asked++
	f.mu.Unlock()
	before, err := (&situation.Reader{Store: f.store}).Predecessor(ctx, c)
	if err == nil && f.poison["before "+c.Key] {
		err = errors.New("the predecessor cannot be read")
	}
	return before, err
}

// accept stores a succeeded deploy as intake does before the rules are known.
func (f *fixture) accept(service, version string, at time.Time) store.Change {
	f.t.Helper()
	admitted, err := sources.Admit(event(service, version, at), nil, at)
	if err != nil {
		f.t.Fatal(err)
	}
	a, err := f.store.Accept(f.t.Context(), admitted, nil, at)
	if err != nil {
		f.t.Fatal(err)
	}
	return a.Change
}

func event(service, version string, at time.Time) sources.Event {
	return sources.Event{
		Source: "ci", EventID: service + version, ChangeID: version, Status: sources.Succeeded, At: at,
		Service: service, Environment: "production", Kind: sources.Deploy, Version: version,
	}
}

// copies stores n changes like one that is stored, in slots of their own.
func (f *fixture) copies(of store.Change, n int) {
	f.t.Helper()
	_, err := f.store.DB().ExecContext(f.t.Context(), `
		WITH RECURSIVE counted (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < $2)
		INSERT INTO changes (key, slot, id, service, environment, version, status, started_at, finished_at, sequence,
			epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body)
		SELECT key || i, slot || i, id, service, environment, version, status, started_at, finished_at, sequence,
			epoch, superseded_by, suspended_by, suspended_until, standing, planned, received_at, body FROM changes, counted WHERE key = $1`,
		of.Key, n)
	if err != nil {
		f.t.Fatal(err)
	}
}

// plan plans what there is, through the backlog.
func (f *fixture) plan() {
	f.t.Helper()
	f.WakeUp()
	if err := f.PlanNew(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// unplanned counts the changes that are not planned.
func (f *fixture) unplanned() (n int) {
	f.t.Helper()
	err := f.store.DB().QueryRowContext(f.t.Context(), `SELECT COUNT(*) FROM changes WHERE NOT planned`).Scan(&n)
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// version is the version of the n-th of many changes.
func version(n int) string { return fmt.Sprint("v", n) }
