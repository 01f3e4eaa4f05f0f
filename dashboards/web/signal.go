package web

import (
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
)

// Signal is the evidence of one signal in words, and its plot.
type Signal struct {
	Name     string
	Grade    string
	Healthy  bool
	From     string // the forecast: what it would have been
	To       string // what it was
	Change   string // the difference
	Interval string // 95 % of the difference; "" where none could be had
	P        string
	Chance   string // p in words; "" where it means nothing
	Picture  string // the address of its plot as a picture, without the theme; "" for none
	Tests    []string
	Reason   string
	Onset    time.Time
	Worsened string   // when it got worse, in words; "" where it did not
	Part     string   // what it is a part of: errors; "" for a whole
	Facts    []string // the numbers a reader needs beside p
	Notes    []string
	Query    string
	Plot     Plot
	Spread   *Distribution // nil: there is too little to say anything
	Listed   bool          // on the page: in the table at once, not folded
	Drawn    bool          // on the page: its plot is shown at once, not folded
}

// Badge is how the signal's grade is shown.
func (s Signal) Badge() Badge {
	switch {
	case s.Grade == "none" && s.Healthy:
		return Badge{"Healthy", "good", "check"}
	case s.Grade == "none" && s.To == "—":
		return Badge{"Not judged", "quiet", "none"}
	}
	return GradeBadge(s.Grade)
}

// tests are the tests by the names that people know.
var tests = map[detector.Test]string{
	detector.ByCounts:   "count test",
	detector.ByScan:     "placebo scan",
	detector.ByBlocks:   "before window",
	detector.ByLimit:    "the rule's limit",
	detector.ByLoss:     "signal lost",
	detector.ByTogether: "several signals together",
}

// SignalOf puts one signal's evidence and observation into words. The plan says how long a
// tick is.
func SignalOf(e detector.Evidence, plan detector.Plan, o detector.Observation) Signal {
	s := Signal{
		Name: e.Signal, Grade: e.Grade.String(), Healthy: e.Healthy, Reason: detector.Reasons[e.Reason],
		From: "—", To: "—", Change: "—", P: "—",
		Onset: e.Onset, Worsened: worsened(e, o.StartedAt), Part: e.Part, Facts: facts(e), Notes: e.Notes, Query: e.Query, Plot: plotOf(e, plan, o),
	}
	if s.Plot.hasAfter() {
		s.From, s.To = Number(e.Effect.Forecast, e.Unit), Number(e.Effect.After, e.Unit)
		s.Change = Signed(e.Effect.Difference, e.Unit)
		s.P = Probability(e.P)
	}
	s.Spread = distributionOf(e, s.Plot)
	if e.Effect.Low != 0 || e.Effect.High != 0 {
		s.Interval = Signed(e.Effect.Low, e.Unit) + " to " + Signed(e.Effect.High, e.Unit)
	}
	for _, t := range e.Tests {
		s.Tests = append(s.Tests, tests[t])
	}
	return s
}

// facts are the numbers behind the grade, a sentence each.
func facts(e detector.Evidence) []string {
	var f []string
	if c := e.Counts; c != nil {
		f = append(f,
			"Before: "+digits(c.BadBefore)+" bad of "+digits(c.TotalBefore)+" events; after: "+digits(c.BadAfter)+" of "+digits(c.TotalAfter)+".",
			"Overdispersion: "+digits(c.Overdispersion)+".")
	}
	if c := e.Control; c != nil {
		f = append(f, "Its control at the same time: "+Number(c.Before, e.Unit)+" before, "+Number(c.After, e.Unit)+" after.")
	}
	if e.Placebos > 0 {
		f = append(f, "Compared with "+digits(float64(e.Placebos))+" placebo changes in "+digits(float64(e.History))+" ticks of history.")
	}
	if e.Forecaster != "" {
		f = append(f, "Forecast by "+e.Forecaster+".")
	}
	if len(e.LeftOut) > 0 {
		f = append(f, "Left out of the history, which has nothing else like it: "+e.LeftOut.String()+".")
	}
	if e.Smallest > 0 {
		f = append(f, "The smallest difference this watch could have seen: "+Number(e.Smallest, e.Unit)+".")
	}
	if e.AlarmRate > 0 {
		f = append(f, "Without any change this would look likely "+digits(e.AlarmRate*100)+" % of the time.")
	}
	return f
}

// worsened says when a signal got worse: from the earliest moment at which that may have been, to the first tick
// that shows it.
func worsened(e detector.Evidence, began time.Time) string {
	if e.Onset.IsZero() {
		return ""
	}
	clock := func(t time.Time) string { return t.UTC().Format(time.TimeOnly) }
	after := ""
	if !began.IsZero() {
		after = ", " + SinceBegan(e.Onset.Sub(began))
	}
	if e.OnsetFrom.IsZero() || !e.OnsetFrom.Before(e.Onset) {
		return "got worse at about " + clock(e.Onset) + after
	}
	return "got worse between " + clock(e.OnsetFrom) + " and " + clock(e.Onset) + after
}

// quantile is one quantile of a histogram. In the last bucket it is only a lower bound.
func quantile(q detector.Quantiles, v float64, unit string) string {
	if q.Highest > 0 && v >= q.Highest {
		return "more than " + Number(q.Highest, unit)
	}
	return Number(v, unit)
}

// Headline is the verdict of a change as one sentence, by its worst signal.
func Headline(state, grade string, watches []Watch) string {
	worst, found := worstSignal(watches)
	switch {
	case state == "regressed" || grade == "likely" || grade == "certain":
		return "It made things worse" + reasonOf(worst, found) + "."
	case state == "healthy":
		return "Healthy: nothing got worse that matters." + unseen(watches)
	case state == "blind":
		return "Nobody could see what it did. That says nothing about it, good or bad."
	case state == "inconclusive":
		return "Inconclusive: there was not enough to call it well or ill."
	case state == "superseded":
		return "Superseded: a newer change took its place before it could be judged."
	case grade == "suspect":
		return "Under suspicion" + reasonOf(worst, found) + "."
	case state == "watching":
		return "No sign of harm so far."
	case state == "waiting":
		return "Waiting for the rollout to begin."
	}
	return "No rule watches this change."
}

// unseen says what each healthy verdict rests on where a signal was never seen.
func unseen(watches []Watch) string {
	text := ""
	for _, w := range watches {
		if w.HealthyBy != "" && w.After.IsZero() {
			text += " Rule " + w.Rule + " is healthy " + w.HealthyBy + "."
		}
	}
	return text
}

func reasonOf(worst Signal, found bool) string {
	switch {
	case !found:
		return ""
	case worst.From == "—":
		return ": " + worst.Name + " " + strings.ToLower(worst.Badge().Word)
	}
	return ": " + worst.Name + " went from " + worst.From + " to " + worst.To
}

// worstSignal is the signal with the highest grade, the first among equals. Recovery watches
// are left out, because they say nothing about the change.
func worstSignal(watches []Watch) (s Signal, found bool) {
	order := []string{"suspect", "likely", "certain"}
	best := -1
	for _, w := range watches {
		if !w.After.IsZero() {
			continue
		}
		for _, signal := range w.Signals {
			if n := slices.Index(order, signal.Grade); n > best {
				best, s, found = n, signal, true
			}
		}
	}
	return s, found
}
