package store

import (
	"context"
	"database/sql/driver"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The suite runs every method of the store, on both databases. While it does, a recorder
// collects each statement; afterwards the database explains them, and none may read a
// whole table that grows with the changes. What the API, a look, the planner or a delivery
// asks is a method of the store, so a new query is covered as soon as it has a test.

// growing are the tables that grow with the changes or with the services.
var growing = []string{
	"changes", "slots", "names", "events", "watches", "records", "profiles", "profile_names",
	"orders", "outgoing", "reports", "protections", "journal", "outcomes",
}

// readsAll are the methods that may read a whole growing table, with the reason.
var readsAll = map[string]string{
	"Prune": "once a night",

	"MeasureSizes":  "once a night",
	"countNext":     "once a night, on a connection that reads",
	"pruneProfiles": "once a night, on a connection that reads",

	"SetHold":       "once in an outage, of the changes of a week: PostgreSQL joins all outcomes if that is faster",
	"migrateTables": "once after an upgrade",
	"settle":        "once after a restore, while nothing else runs",
}

// byIndex are the methods whose statement is asked for every message, and must read by this index alone.
var byIndex = map[string]string{"CountFired": "outcomes_fired"}

// unasked are the methods that run no statement themselves.
var unasked = []string{"Accept", "AcceptUnwatched", "Close", "DB", "Dialect", "Holder", "Migrated", "Now", "Ping", "Reserved", "Shared"}

// recorder collects the statements that the store runs.
type recorder struct {
	mu         sync.Mutex
	statements map[string]recorded // by text
	methods    map[string]bool     // of the store that have run one
}

// recorded is a statement, with the values that it was last run with.
type recorded struct {
	methods []string // of the store that ran it, the innermost first
	args    []any
}

// readsAll reports whether it may read a whole table.
func (r recorded) readsAll() bool {
	return slices.ContainsFunc(r.methods, func(name string) bool { return readsAll[name] != "" })
}

// add notes a statement, unless a test runs it itself.
func (r *recorder) add(query string, args []any) {
	methods := callers()
	if len(methods) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range methods {
		r.methods[name] = true
	}
	r.statements[query] = recorded{methods, args}
}

var methodName = regexp.MustCompile(`internal/store\.\(\*Store\)\.([A-Za-z]\w*)`)

// callers are the methods of the store that run a statement now, the innermost first; none
// if a test does.
func callers() (methods []string) {
	pcs := make([]uintptr, 100)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if strings.HasSuffix(f.File, "_test.go") && !strings.HasSuffix(f.File, "plans_test.go") {
			return methods
		}
		if m := methodName.FindStringSubmatch(f.Function); m != nil {
			methods = append(methods, m[1])
		}
	}
	return methods
}

// recordStatements records what stores that are opened from now on run.
func recordStatements(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{statements: map[string]recorded{}, methods: map[string]bool{}}
	tracedConnector = func(c driver.Connector) driver.Connector { return recordingConnector{c, r} }
	t.Cleanup(func() { tracedConnector = nil })
	return r
}

type recordingConnector struct {
	driver.Connector
	r *recorder
}

func (c recordingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return recordingConn{conn.(fullConn), c.r}, nil
}

type recordingConn struct {
	fullConn
	r *recorder
}

func (c recordingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.r.add(query, nil)
	return c.fullConn.ExecContext(ctx, query, args)
}

func (c recordingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.r.add(query, nil)
	return c.fullConn.QueryContext(ctx, query, args)
}

// checkMethods fails where a method of the store has run no statement in the suite.
func (r *recorder) checkMethods(t *testing.T) {
	t.Helper()
	store := reflect.TypeFor[*Store]()
	for i := range store.NumMethod() {
		if name := store.Method(i).Name; !r.methods[name] && !slices.Contains(unasked, name) {
			t.Errorf("no test of the suite runs a statement of Store.%s: nothing checks how it is planned", name)
		}
	}
}

// explainable reports whether the database can explain the statement.
func explainable(query string) bool {
	words := strings.Fields(query)
	return len(words) > 0 && slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}, words[0]) && !strings.Contains(query, "goose_db_version")
}

// checkSQLite explains every statement, on tables of which SQLite knows no statistics: so
// a plan is the same whatever is stored.
func (r *recorder) checkSQLite(t *testing.T, s *Store) {
	t.Helper()
	partial, err := collect(t.Context(), s.read, scanText, `SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%WHERE%'`)
	if err != nil {
		t.Fatal(err)
	}
	for query, of := range r.statements {
		if !explainable(query) || of.readsAll() {
			continue
		}
		steps, err := collect(t.Context(), s.read, func(r row) (step string, err error) {
			var id, parent, unused int
			return step, r.Scan(&id, &parent, &unused, &step)
		}, `EXPLAIN QUERY PLAN `+query, make([]any, marksOf(query))...)
		if err != nil {
			t.Errorf("explain %s: %v", query, err)
		}
		if index := byIndex[of.methods[0]]; index != "" && !strings.Contains(strings.Join(steps, "\n"), "USING INDEX "+index+" ") {
			t.Errorf("Store.%s does not read by %s: %q", of.methods[0], index, steps)
		}
		for _, step := range steps {
			if table := scannedTable(query, step, partial); table != "" {
				t.Errorf("Store.%s reads the whole of %s (%s):\n%s", of.methods[0], table, step, query)
			}
		}
	}
}

var mark = regexp.MustCompile(`\$\d+|\?`)

// marksOf is how many values a statement needs.
func marksOf(query string) int {
	different := map[string]bool{}
	all := mark.FindAllString(query, -1)
	for _, m := range all {
		different[m] = true
	}
	if different["?"] {
		return len(all)
	}
	return len(different)
}

var scan = regexp.MustCompile(`^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?`)

// scannedTable is the growing table that a step of a plan reads from end to end, "" for
// none. A partial index has only the few rows that its condition picks.
func scannedTable(query, step string, partial []string) string {
	m := scan.FindStringSubmatch(step)
	if m == nil || slices.Contains(partial, m[2]) {
		return ""
	}
	for _, table := range growing {
		named := regexp.MustCompile(`\b` + table + `(?: AS)? ` + m[1] + `\b`)
		if m[1] == table || named.MatchString(query) {
			return table
		}
	}
	return ""
}
