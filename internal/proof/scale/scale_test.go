package scale

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/proof/load"
	"github.com/pushback/pushback/internal/proof/metricstore"
	"github.com/pushback/pushback/internal/proof/program"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// cheap is a sample of 1,000 looks that stays below every ceiling.
func cheap() Sample {
	return Sample{
		Took: 30 * time.Second, Cores: 0.25, Memory: 99 << 20, Open: 1000, Looks: 1000, Lag: program.Quantiles{Half: time.Millisecond, Most: time.Second},
		Asked: metricstore.Counts{Requests: 9000, Bytes: 1024 * 9000}, Allocations: 9e6, Written: 1024 * 9000, Growth: 1024 * 500,
	}
}

func reportOf(s Sample) Report {
	learning := cheap()
	return Report{
		Options: Options{For: 30 * time.Second}, Machine: "2 cores, load 0.1",
		Watches: []Watches{{Size: 1000, Dialect: "SQLite", Learning: &learning, Learned: &s, Busy: &Busy{
			Breach: Breach{Broken: 20, Called: 20}, Beside: cheap(), Slow: cheap(), Intake: Intake{Sample: cheap()}, Restart: Restart{After: cheap()},
			Reads: []Read{{What: "the status", Count: 3}},
		}}},
		Intake: []Alone{{Result: load.Result{Options: load.Options{Services: 5000}, Dialect: "PostgreSQL", Accepted: 100, Took: time.Second}, Statements: 500}},
	}
}

// TestCeilings: each ceiling is exceeded alone, and said with what and by how much.
func TestCeilings(t *testing.T) {
	t.Parallel()
	f := func(want string, change func(*Report)) {
		t.Helper()
		r := reportOf(cheap())
		change(&r)
		all := r.Violations()
		if want == "" && len(all) > 0 || want != "" && (len(all) != 1 || !strings.Contains(all[0], want)) {
			t.Errorf("%q, want %q", all, want)
		}
	}
	f("", func(*Report) {})
	f("99.0 requests to the metric store a look, at most", func(r *Report) { r.Watches[0].Learned.Asked.Requests = 99_000 })
	f("999.0 KiB from the metric store a look, at most", func(r *Report) { r.Watches[0].Learned.Asked.Bytes = 999_000 * 1024 })
	f("999999.0 allocations a look, at most", func(r *Report) { r.Watches[0].Learned.Allocations = 999_999_000 })
	f("999.0 KiB written a look, at most", func(r *Report) { r.Watches[0].Learned.Written = 999_000 * 1024 })
	f("99.0 KiB by which the database grows a look", func(r *Report) { r.Watches[0].Learned.Growth = 99_000 * 1024 })
	f("3 looks failed", func(r *Report) { r.Watches[0].Learned.Failed = 3 })
	f("called for 19 of 20 bad changes", func(r *Report) { r.Watches[0].Busy.Breach.Called = 19 })
	f("1 events were refused", func(r *Report) { r.Intake[0].Refused = 1 })
	f("50.0 statements an event, at most", func(r *Report) { r.Intake[0].Statements = 5000 })
	f("", func(r *Report) { r.Watches[0].Learned, r.Watches[0].Busy = nil, nil })
}

// TestPage: every table has its rows.
func TestPage(t *testing.T) {
	t.Parallel()
	slow := cheap()
	slow.Lag.Most = inTime + 1
	r := reportOf(cheap())
	r.Watches = append(r.Watches, Watches{Size: 3000, Dialect: "SQLite", Learning: &slow})
	page := r.Page()
	for _, want := range []string{
		"## Sizing", "## Watches", "## What a look costs", "## What happens beside watches", "## Reading the API beside watches", "## Intake",
		"| 1000 | SQLite | yes | 0.25 | 99 MiB | 300 | 300 KiB/s | 30 KiB | in time |", "| too late: needs more cores |",
		"| 1000 | SQLite | learned | 0.0 | 33.3 of 33.3 | 1 / 0 / 1000 | 0 / 0 / 0 | 0.25 | 0.00 | 99 MiB | 0 |",
		"| 1000 | SQLite | learned | 300 | 9.00 | 9.0 KiB | 9000 | 9.0 KiB | 0.50 KiB |", "| 5.00 |", "14 % apart",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	checkTables(t, page)
}

// TestViewersPage: viewers have a page of their own.
func TestViewersPage(t *testing.T) {
	t.Parallel()
	r := Report{Options: Options{Runs: []string{Viewers}}, Machine: "2 cores, load 0.1"}
	r.Viewing = []Viewing{{Page: "nobody", Dialect: "SQLite", Sample: cheap()}, {
		Page: "a change", Dialect: "SQLite", Viewers: 500, Sample: cheap(),
		Seen: Seen{Told: 1500, Asked: 3000, Wholes: 7, Bytes: 6 << 20, First: program.Quantiles{Half: 3 * time.Millisecond, Most: time.Second}},
	}}
	page := r.Page()
	for _, want := range []string{
		"# Viewers", "`make viewers`", "each figure over 1m10s", "330 changes", "20 signals",
		"| a change | SQLite | 500 | 0.25 | 0.00 | 99 MiB | 50.0 | 100.0 | 205 KiB/s | 7 | 3 / 0 / 1000 |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	checkTables(t, page)
}

// checkTables holds that each row of a page's tables has as many cells as its header.
func checkTables(t *testing.T, page string) {
	t.Helper()
	cells := 0
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "|") {
			cells = 0
		} else if n := strings.Count(line, "|"); cells == 0 {
			cells = n
		} else if n != cells {
			t.Errorf("%d cells, the header has %d: %s", n, cells, line)
		}
	}
	if strings.Contains(page, "%!") {
		t.Error(page)
	}
}

// TestSizing: a number of watches that are looked at too seldom does not work either.
func TestSizing(t *testing.T) {
	t.Parallel()
	s := cheap()
	s.Looks = 900
	if page := reportOf(s).Page(); !strings.Contains(page, "too late") {
		t.Error(page)
	}
}

// TestFolder: the settings and rules are valid, and each service is watched by one rule: with
// five signals, but for the one that viewers look at.
func TestFolder(t *testing.T) {
	t.Parallel()
	checkFolder(t, files, func(int) int { return signals })
	checkFolder(t, viewedFiles, func(n int) int {
		if n == viewed {
			return viewSignals
		}
		return signals
	})
}

func checkFolder(t *testing.T, files func(metrics, outlets string) map[string]string, signalsOf func(int) int) {
	t.Helper()
	p, err := program.New(program.Options{Dir: t.TempDir(), Files: files("http://127.0.0.1:1", "http://127.0.0.1:2")})
	if err != nil {
		t.Fatal(err)
	}
	if _, mistakes := daemon.Adapters().Load(filepath.Join(p.Dir, "pushback.yml")); len(mistakes) > 0 {
		t.Error(mistakes)
	}
	set, mistakes := rules.Load(os.DirFS(filepath.Join(p.Dir, "rules")), rules.World{Hooks: []string{"hook"}, Receivers: []string{"chat"}})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for n := range 25 {
		c := sources.Change{Service: metricstore.ServiceName(n), Environment: "production", Kind: sources.Deploy}
		bound := set.For(c, rules.Service{Name: c.Service, Match: map[string]string{"service": c.Service}})
		if len(bound) != 1 || len(bound[0].Plan(rules.Resolved{Resolution: metricstore.Scrape}).Signals) != signalsOf(n) {
			t.Errorf("%s: %v", c.Service, bound)
		}
	}
	if set.Watches(sources.Change{Service: "unwatched-3", Environment: "production", Kind: sources.Deploy}, rules.Service{Name: "unwatched-3"}) {
		t.Error("unwatched-3 is watched")
	}
}

// TestLearnAhead: the profiles of every service are learned before the program starts, and the
// schedule takes them for its own.
func TestLearnAhead(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := &world{store: metricstore.New(metricstore.Options{Services: 40})}
	var err error
	if w.Program, err = program.New(program.Options{Dir: t.TempDir(), Files: files("http://127.0.0.1:1", "http://127.0.0.1:2")}); err != nil {
		t.Fatal(err)
	}
	if err := w.learnAhead(t.Context(), 35, now.Add(-ahead)); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), w.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if last, err := s.LastRun(t.Context(), "profiles"); err != nil || last.Before(now) {
		t.Error(last, err)
	}
	size, err := w.databaseSize(t.Context())
	if err != nil || size < 35*signals*200 {
		t.Errorf("the database has %d bytes, %v", size, err)
	}
}

// TestOutlets: of each service the first call of the hook counts, with what the store had shown.
func TestOutlets(t *testing.T) {
	t.Parallel()
	metrics := metricstore.New(metricstore.Options{Services: 3})
	o := &outlets{store: metrics, calls: map[string]call{}}
	server := httptest.NewServer(o)
	defer server.Close()
	metrics.BreakDown(1, time.Now().Add(-time.Hour))
	question := fmt.Sprintf("/api/v1/query?query=http_requests_total&time=%d", time.Now().Unix())
	metrics.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, question, nil))
	for _, path := range []string{"/chat", "/hook", "/hook"} {
		answer, err := http.Post(server.URL+path, "application/json", strings.NewReader(`{"change":{"service":"service-00001"}}`))
		if err != nil || answer.StatusCode != 200 {
			t.Fatal(answer, err)
		}
		answer.Body.Close()
	}
	if o.messages != 1 || o.called(0, 3) != 1 {
		t.Errorf("%d messages, %d calls", o.messages, o.called(0, 3))
	}
	b := o.breach(0, 3)
	if b.Broken != 3 || b.Called != 1 || b.Last.Most < 0 || b.Last.Most > time.Hour {
		t.Errorf("%+v", b)
	}
}

// TestOptions: what cannot be measured is refused before anything starts.
func TestOptions(t *testing.T) {
	t.Parallel()
	f := func(want string, o Options) {
		t.Helper()
		o.Progress, o.Databases = io.Discard, nil
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f(`no run "fast"`, Options{Runs: []string{"fast"}, For: every})
	f("30s at least", Options{For: time.Second})
	f("1 to 99980", Options{For: every, Sizes: []int{0}})
	f("1 to 99980", Options{For: every, Sizes: []int{100_000}})
}

// A test has nobody to tell how far it has come, however long it takes on a busy machine.
func TestProgressForNobody(*testing.T) { Options{}.say("%d of %d", 1, 2) }
