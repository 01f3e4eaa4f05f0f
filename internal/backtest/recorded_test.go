package backtest

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// series is the folder of recordings beside the repository. They belong to others
// and are not part of it.
const series = "../../../shared/data/jumpstarter"

// TestRecordedSeries replays moments of real series at which no change is known. The
// bound is wide: the accuracy of the detector has its own benchmark, and this test
// checks that a replay reads the series.
func TestRecordedSeries(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(series, "*.csv.gz"))
	if len(files) == 0 {
		t.Skip("no recorded series beside the repository")
	}
	folder, err := filepath.Abs(series)
	if err != nil {
		t.Fatal(err)
	}
	var changes []Moment
	for i, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".csv.gz")
		at := time.Date(2022, 1, 20+i%20, 0, 0, 0, 0, time.UTC)
		changes = append(changes, Moment{Change: sources.Change{
			ID: name, Service: name, Environment: "production", Kind: sources.Deploy, StartedAt: at, FinishedAt: at,
		}})
	}
	o := options(t, slow, folder)
	placebos, err := Placebos(changes, changes, 60, o.MinDistance(), 1)
	if err != nil {
		t.Fatal(err)
	}
	s := NewScorer(o.Rules.Rules(), 100)
	for _, r := range run(t, o, placebos) {
		s.Add(r)
	}
	score := s.Scores()[0]
	if score.Placebos.Judged != 60 || score.Placebos.Alarmed > 6 {
		t.Errorf("%+v", score.Placebos)
	}
}
