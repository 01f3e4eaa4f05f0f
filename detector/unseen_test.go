package detector

import (
	"strings"
	"testing"
	"time"
)

func TestHealthySaysWhatWasNotSeen(t *testing.T) {
	counted := func(n int, bad float64) Ticks {
		t := Ticks{}
		for range n {
			t.Value, t.Bad, t.Total = append(t.Value, bad/1000), append(t.Bad, bad), append(t.Total, 1000)
		}
		return t
	}
	seen := func(name string, bad float64) Reading {
		return Reading{Signal: name, Supply: Fresh, Before: counted(30, bad), After: counted(30, bad)}
	}
	latency := Signal{Name: "latency.slow", Kind: Counts, Worse: Higher}
	f := func(name string, errors Signal, r Reading, outcome Outcome, reason Reason, by string) {
		t.Helper()
		errors.Name, errors.Kind, errors.Worse, r.Signal = "errors", Counts, Higher, "errors"
		p := Plan{Rule: "r", Tick: time.Minute, Before: 30, After: 30, Signals: []Signal{errors, latency}}
		v := Judge(p, nil, Observation{
			At: deploy.Add(31 * time.Minute), StartedAt: deploy, From: deploy, Final: true, Readings: []Reading{r, seen("latency.slow", 10)},
		})
		if v.Outcome != outcome || v.Reason != reason || v.HealthyBy() != by {
			t.Errorf("%s: %s, %s, %q; want %s, %s, %q", name, v.Outcome, v.Reason, v.HealthyBy(), outcome, reason, by)
		}
	}
	gone := Reading{Supply: Unmatched}
	const hint = "no series of x has the label status; it has code"
	f("all were seen", Signal{}, seen("errors", 5), Healthy, "", "")
	f("errors are skipped", Signal{SkipUnmatched: true}, gone, Healthy, "", "by latency; errors were never seen")
	f("errors are needed", Signal{SkipUnmatched: true, Needed: true}, gone, Inconclusive, NeededUnseen, "")
	f("errors are needed and told", Signal{Needed: true}, gone, Inconclusive, NeededUnseen, "")
	f("errors are told", Signal{}, gone, Inconclusive, UnmatchedSeries, "")
	f("needed and seen", Signal{Needed: true}, seen("errors", 5), Healthy, "", "")
	f("no event can be bad", Signal{Unseen: hint}, seen("errors", 0), Inconclusive, BadUnseen, "")
	f("no event can be bad, and that is skipped", Signal{Unseen: hint, SkipUnmatched: true}, seen("errors", 0), Healthy, "", "by latency; errors were never seen")
	f("no event can be bad, and it is needed", Signal{Unseen: hint, SkipUnmatched: true, Needed: true}, seen("errors", 0), Inconclusive, NeededUnseen, "")
	f("bad events were seen after all", Signal{Unseen: hint}, seen("errors", 5), Healthy, "", "")
	late := seen("errors", 0)
	late.After = counted(30, 300)
	f("the label comes with the first error", Signal{Unseen: hint}, late, Regressed, "", "")

	v := Judge(Plan{Tick: time.Minute, Before: 30, After: 30, Signals: []Signal{{Name: "errors", Kind: Counts, Worse: Higher, Unseen: hint}}}, nil,
		Observation{At: deploy.Add(2 * time.Minute), StartedAt: deploy, From: deploy, Readings: []Reading{{Signal: "errors", Supply: Fresh, Before: counted(30, 0), After: counted(2, 0)}}})
	if notes := strings.Join(v.Signals[0].Notes, " "); !strings.Contains(notes, hint) {
		t.Errorf("the first look says %q", notes)
	}
}
