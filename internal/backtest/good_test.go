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

const minutesRule = `team: shop
rules:
  - name: minutes
    watch: {service: "*"}
    settle: 0s
    bake: 30m
    history: 48h
    signals:
      - {name: time, query: $service, kind: gauge, min_effect: 10%}
`

// TestGoodDeploysAreLearnedFrom: six deploys double a value for three minutes, no two of them at
// the same time of the day, which would be a habit. The last one is no alarm where a file says that the others were good.
func TestGoodDeploysAreLearnedFrom(t *testing.T) {
	folder, start := t.TempDir(), today.Add(-48*time.Hour)
	moments := make([]Moment, 6)
	for i := range moments {
		at := start.Add(time.Duration(8*i+5)*time.Hour - time.Duration(i)*25*time.Minute)
		moments[i] = Moment{Change: sources.Change{
			ID: fmt.Sprint(i), Service: "cart", Environment: "production", Kind: sources.Deploy, StartedAt: at, FinishedAt: at,
		}}
	}
	var rows strings.Builder
	rows.WriteString("timestamp,value\n")
	chance := rand.New(rand.NewPCG(4, 4))
	for at := start; at.Before(today); at = at.Add(time.Minute) {
		v := 100 + 3*chance.NormFloat64()
		for _, m := range moments {
			if since := at.Sub(m.FinishedAt); since > 0 && since <= 3*time.Minute {
				v *= 2
			}
		}
		fmt.Fprintf(&rows, "%d,%v\n", at.Unix(), v)
	}
	if err := os.WriteFile(filepath.Join(folder, "cart.csv"), []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	last := func() (detector.Grade, string) {
		o := options(t, minutesRule, folder)
		o.Good = GoodAmong(moments)
		r := run(t, o, moments)[5]
		grade, notes := detector.None, ""
		for _, l := range r.Looks {
			grade = max(grade, l.Verdict.Grade)
			notes = strings.Join(l.Verdict.Signals[0].Notes, " ")
		}
		return grade, notes
	}
	if grade, notes := last(); grade < detector.Suspect || strings.Contains(notes, "usually") {
		t.Errorf("without good deploys: %s, %s", grade, notes)
	}
	for i := range 5 {
		moments[i].Good = true
	}
	if grade, notes := last(); grade > detector.None || !strings.Contains(notes, "learned from 5 good changes") {
		t.Errorf("after five good deploys: %s, %s", grade, notes)
	}
	moments[2].Kind = sources.Flag
	if _, notes := last(); strings.Contains(notes, "usually") {
		t.Errorf("learned from a flag: %s", notes)
	}
}
