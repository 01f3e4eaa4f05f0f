package backtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

const longRule = `team: shop
rules:
  - name: long
    watch: {service: "*"}
    settle: 0s
    bake: 4h
    history: 48h
    signals:
      - {name: time, query: $service, kind: gauge, min_effect: 2%}
`

// TestLongBakeOnRecordedMinutes: a bake of four hours has ticks of eight minutes, and
// a regression that began with the change is found at the end of the first.
func TestLongBakeOnRecordedMinutes(t *testing.T) {
	folder, at := t.TempDir(), today.Add(-8*time.Hour)
	r := rand.New(rand.NewPCG(4, 4))
	var rows strings.Builder
	rows.WriteString("timestamp,value\n")
	for when := at.Add(-60 * time.Hour); when.Before(today); when = when.Add(time.Minute) {
		v := 100 + r.NormFloat64()
		if !when.Before(at) {
			v += 4
		}
		fmt.Fprintf(&rows, "%d,%v\n", when.Unix(), v)
	}
	if err := os.WriteFile(filepath.Join(folder, "cart.csv"), []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	change := sources.Change{ID: "c", Service: "cart", Environment: "production", Kind: sources.Deploy, StartedAt: at, FinishedAt: at}
	replay := run(t, options(t, longRule, folder), []Moment{{Change: change}})[0]
	first := replay.Looks[0]
	if len(replay.Looks) != 30 || first.At.Sub(at) != 8*time.Minute {
		t.Fatalf("%d looks, the first after %s", len(replay.Looks), first.At.Sub(at))
	}
	if v := first.Verdict; v.Grade < detector.Likely || len(v.Signals) != 1 || !strings.Contains(strings.Join(v.Signals[0].Notes, " "), "ticks of 1 min") {
		t.Errorf("after eight minutes: %+v", v)
	}
}
