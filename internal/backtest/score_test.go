package backtest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// said returns a replay whose looks have the given grades, at the given number of
// days after the first.
func said(days float64, placebo bool, act bool, grades ...detector.Grade) Replay {
	at := today.Add(-30*day + time.Duration(days*float64(day)))
	r := Replay{Moment: Moment{Placebo: placebo, Change: sources.Change{ID: "c", Service: "cart", StartedAt: at}}, Rule: rules.Rule{Name: "red"}}
	r.End.Plan.After = len(grades)
	for i, g := range grades {
		r.Looks = append(r.Looks, Look{Tick: i + 1, At: at.Add(time.Duration(i+1) * time.Minute), Verdict: detector.Verdict{
			Grade: g, MayAct: act && g == detector.Certain,
			Signals: []detector.Evidence{{Signal: "quiet"}, {Signal: "errors", Grade: g, Effect: detector.Effect{Forecast: 1, After: 2}}},
		}})
	}
	return r
}

const (
	none, suspect, likely, certain = detector.None, detector.Suspect, detector.Likely, detector.Certain
)

// scored returns the score of placebos of which some alarmed or acted, and of one
// change a day for 30 days.
func scored(placebos, alarms, acts int, pace float64) Score {
	s := NewScorer([]rules.Rule{{Name: "red"}}, pace)
	for i := range placebos {
		switch {
		case i < acts:
			s.Add(said(0, true, true, none, certain))
		case i < alarms:
			s.Add(said(0, true, false, none, certain))
		default:
			s.Add(said(0, true, false, none, suspect))
		}
	}
	for d := range 31 {
		s.Add(said(float64(d), false, false, none, none, none))
	}
	return s.Scores()[0]
}

func TestRates(t *testing.T) {
	s := scored(200, 4, 1, 0)
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 5e-4*want {
			t.Errorf("%s %g, want %g", what, got, want)
		}
	}
	// Wilson's interval of 4 in 200, by hand: 0.0290457 ± 0.0212413.
	near("false alarms", s.FalseAlarms.Value, 0.02)
	near("low", s.FalseAlarms.Low, 0.0078044)
	near("high", s.FalseAlarms.High, 0.0502870)
	near("false rollbacks", s.FalseRollbacks.Value, 0.005)
	near("pace", s.Pace, 31)
	near("pages a month", s.PagesAMonth.Value, 0.62)
	if s.Placebos.Suspected != 200 || s.Placebos.Certain != 4 || s.Placebos.ByTick[0] != 0 || s.Placebos.ByTick[1] != 4 {
		t.Errorf("%+v", s.Placebos)
	}
	if r := share(0, 50); r.Low != 0 || r.Value != 0 || r.High < 0.07 || r.High > 0.072 {
		t.Errorf("0 of 50: %+v", r)
	}
	if share(3, 3).High != 1 || share(0, 0) != nil {
		t.Error("3 of 3, or 0 of 0")
	}
}

func TestEarned(t *testing.T) {
	f := func(what string, s Score, want rules.Mode, why string) {
		t.Helper()
		if s.Earned != want || !strings.Contains(s.Why, why) {
			t.Errorf("%s: %s: %s", what, s.Earned, s.Why)
		}
	}
	f("nothing measured", scored(0, 0, 0, 0), rules.Observe, "ask for placebos")
	f("quiet, but hardly tried", scored(20, 0, 0, 0), rules.Observe, "it takes at least 24 placebos")
	f("quiet", scored(24, 0, 0, 0), rules.Ask, "false rollbacks may be")
	f("quiet and long tried", scored(400, 0, 0, 0), rules.Act, "within the budget")
	f("pages too often", scored(400, 100, 0, 0), rules.Observe, "the budget is 4.3")
	f("rolls back too often", scored(400, 20, 20, 0), rules.Ask, "the budget is 0.33")
	f("quiet, at a high pace", scored(400, 0, 0, 3000), rules.Observe, "false pages may be")
}

// TestPlacebosNeeded: that many placebos without an alarm are within the budget, and
// one fewer are not.
func TestPlacebosNeeded(t *testing.T) {
	for _, share01 := range []float64{0.5, 0.1, 0.01, 0.0004} {
		n := placebosNeeded(share01)
		if share(0, n).High > share01 || share(0, n-1).High <= share01 {
			t.Errorf("%g: %d", share01, n)
		}
	}
}

func TestCaught(t *testing.T) {
	s := NewScorer([]rules.Rule{{Name: "red"}, {Name: "idle"}}, 0)
	s.Add(said(0, false, false, none, likely, certain))
	s.Add(said(1, false, true, none, suspect, likely, certain, suspect)) // transient in the end
	s.Add(said(2, false, false, suspect, suspect))
	score := s.Scores()[0]
	if len(score.Alarms) != 2 || score.Changes.MightAct != 1 || score.Median != 150 {
		t.Fatalf("%+v", score)
	}
	c := score.Alarms[1]
	if c.Tick != 3 || c.Seconds != 180 || c.Grade != certain || !c.Act || c.Signal != "errors" {
		t.Errorf("%+v", c)
	}
	if idle := s.Scores()[1]; idle.Rule != "idle" || idle.Changes.Watched != 0 || idle.Alarms == nil {
		t.Errorf("%+v", idle)
	}
}

func TestText(t *testing.T) {
	var b strings.Builder
	s := NewScorer([]rules.Rule{{Name: "red"}, {Name: "idle"}}, 100)
	for range 25 {
		s.Add(said(0, false, false, none, none, likely))
	}
	s.Add(said(0, true, false, none, none, none))
	if err := Text(&b, s.Scores()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"red: 25 changes watched, 25 judged; 1 placebos watched, 1 judged\n",
		"  false alarms     0.0 % (95 % 0.0 to 79.3): 0 of 1 placebos were likely or worse\n",
		"  at this pace     100 changes a month: 0 (0 to 79) false pages, 0 (0 to 79) false rollbacks a month\n",
		"  caught           25 of 25 changes were likely or worse, 0 of them might have been acted on; half of them within 3 min\n",
		"           changes ▁▁█ 100.0 %\n          placebos ▁▁▁ 0.0 %\n",
		"  2026-10-23 12:00Z cart (c): likely after 3 min by errors 1 → 2\n",
		"  and 5 more; --json has them all\n",
		"\n\nidle: no changes; no placebos\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("missing %q in\n%s", want, b.String())
		}
	}
}
