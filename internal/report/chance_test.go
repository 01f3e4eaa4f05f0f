package report

import (
	"math"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
)

func TestChance(t *testing.T) {
	moved := detector.Evidence{Grade: detector.Certain, P: 0.0002, RawP: 0.0001, Effect: detector.Effect{Forecast: 1, After: 2, Difference: 1}, Tests: []detector.Test{detector.ByScan}}
	halfHour := detector.Plan{Tick: time.Minute, After: 30}
	for name, one := range map[string]struct {
		change func(*detector.Evidence, *detector.Verdict, *detector.Plan)
		want   string
	}{
		"as it is":    {nil, "would happen by chance once in 5,000 quiet half hours"},
		"two digits":  {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.P = 0.003 }, "would happen by chance once in 330 quiet half hours"},
		"often":       {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.P = 0.2 }, "would happen by chance once in 5 quiet half hours"},
		"mostly":      {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.P = 0.7 }, "would happen by chance in most quiet half hours"},
		"rarest":      {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.P = 1e-300 }, "would happen by chance less than once in 10,000 quiet half hours"},
		"underflow":   {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.P = 0 }, "would happen by chance less than once in 10,000 quiet half hours"},
		"an hour":     {func(_ *detector.Evidence, _ *detector.Verdict, p *detector.Plan) { p.After = 60 }, "would happen by chance once in 5,000 quiet hours"},
		"a day":       {func(_ *detector.Evidence, _ *detector.Verdict, p *detector.Plan) { p.After, p.Tick = 24, time.Hour }, "would happen by chance once in 5,000 quiet days"},
		"odd":         {func(_ *detector.Evidence, _ *detector.Verdict, p *detector.Plan) { p.After = 100 }, "would happen by chance once in 5,000 quiet periods of 1 hour 40 minutes"},
		"no plan":     {func(_ *detector.Evidence, _ *detector.Verdict, p *detector.Plan) { *p = detector.Plan{} }, ""},
		"blind":       {func(_ *detector.Evidence, v *detector.Verdict, _ *detector.Plan) { v.Outcome = detector.Blind }, ""},
		"not tested":  {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.P, e.RawP = 1, 1 }, ""},
		"no p at all": {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.P, e.Grade = 0, detector.None }, ""},
		"no number":   {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.P = math.NaN() }, ""},
		"a limit": {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) {
			e.Tests = []detector.Test{detector.ByLimit}
		}, ""},
		"a limit too": {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) {
			e.Tests = append(e.Tests, detector.ByLimit)
		}, "would happen by chance once in 5,000 quiet half hours"},
		"lost":         {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.Reason = detector.SignalLost }, ""},
		"not compared": {func(e *detector.Evidence, _ *detector.Verdict, _ *detector.Plan) { e.Effect = detector.Effect{} }, ""},
	} {
		e, v, p := moved, detector.Verdict{Outcome: detector.Regressed}, halfHour
		e.Tests = append([]detector.Test{}, moved.Tests...)
		if one.change != nil {
			one.change(&e, &v, &p)
		}
		if got := Chance(e, v, p.Length()); got != one.want {
			t.Errorf("%s: %q, want %q", name, got, one.want)
		}
	}
}

// What got worse first is in front, of parts the worst alone; where nothing did, the signals themselves.
func TestMatter(t *testing.T) {
	at := time.Date(2026, time.November, 22, 14, 0, 0, 0, time.UTC)
	v := detector.Verdict{Signals: []detector.Evidence{
		{Signal: "quiet"},
		{Signal: "suspect", Grade: detector.Suspect, Onset: at},
		{Signal: "later", Grade: detector.Certain, Onset: at.Add(time.Minute)},
		{Signal: "nobody knows when", Grade: detector.Certain},
		{Signal: "first", Grade: detector.Certain, Onset: at},
		{Signal: "part a", Part: "errors", Grade: detector.Likely, P: 0.009},
		{Signal: "part b", Part: "errors", Grade: detector.Likely, P: 0.004},
		{Signal: "part c", Part: "errors"},
	}}
	want := []string{"first", "later", "nobody knows when", "part b", "suspect"}
	got := Matter(v)
	if len(got) != len(want) {
		t.Fatalf("%d signals", len(got))
	}
	for i, e := range got {
		if e.Signal != want[i] {
			t.Errorf("%d is %s, want %s", i, e.Signal, want[i])
		}
	}
	for i := range v.Signals {
		v.Signals[i].Grade = detector.None
	}
	if got := Matter(v); len(got) != 5 || got[0].Signal != "quiet" {
		t.Error(got)
	}
}
