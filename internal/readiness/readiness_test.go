package readiness

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/csv"
)

var now = time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)

const text = `team: shop
rules:
  - name: level
    watch: {service: "*"}
    every: 15s
    bake: 30m
    history: %s
    signals: [{name: queue, query: $service, min_effect: 10%%}]
`

// askStore asks a store of files in which a service has values since so many minutes.
func askStore(t *testing.T, minutes int, history string) []Signal {
	t.Helper()
	dir, rows := t.TempDir(), new(strings.Builder)
	rows.WriteString("timestamp,value\n")
	for m := minutes; m >= 0; m-- {
		fmt.Fprintf(rows, "%d,%d\n", now.Add(time.Duration(-m)*time.Minute).Unix(), 100+m%7)
	}
	if err := os.WriteFile(filepath.Join(dir, "cart.csv"), []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := csv.New(metrics.Options{Name: "files", Access: metrics.ReadOnly, Log: slog.New(slog.DiscardHandler)}, csv.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	file := fstest.MapFS{"level.yml": {Data: fmt.Appendf(nil, text, history)}}
	set, found := rules.Load(file, rules.World{Stores: map[string]sources.Language{"files": store.Language()}, Default: "files"})
	if len(found) > 0 {
		t.Fatal(found)
	}
	cart := rules.Service{Name: "cart"}
	all, err := Of(t.Context(), store, "files", set.For(sources.Change{Service: "cart", Environment: "production", Kind: sources.Deploy}, cart)[0], "cart", now)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOf(t *testing.T) {
	t.Parallel()
	f := func(minutes int, want detector.ReadyState, from time.Time) {
		t.Helper()
		all := askStore(t, minutes, "14d")
		if len(all) != 1 || all[0].Signal != "queue" || all[0].Rule != "level" || all[0].Service != "cart" || all[0].Never != "" {
			t.Fatalf("%+v", all)
		}
		if all[0].State != want || all[0].From.Sub(from).Abs() > time.Minute {
			t.Errorf("%d minutes: %s, from %s on; want %s, %s", minutes, all[0].State, all[0].From, want, from)
		}
	}
	f(400, detector.ReadyNow, time.Time{})
	f(320, detector.ReadyLater, now.Add(40*time.Minute))
	f(60, detector.ReadyLater, now.Add(5*time.Hour))
}

// TestShortRule: a rule whose history is too short for a level never judges it in full.
func TestShortRule(t *testing.T) {
	t.Parallel()
	if all := askStore(t, 400, "2h"); len(all) != 1 || !strings.Contains(all[0].Never, "history: 14d") {
		t.Errorf("%+v", all)
	}
}
