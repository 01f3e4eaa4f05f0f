package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Moved gives one line a signal: what moved from what to what, and how sure.
//
//	errors 0.5 % → 3.1 % (+2.6 points, 95 % 1.9 to 3.4; certain, p 0.0002, would happen by chance once in 5,000 quiet half hours, counts: 15 of 3000 → 93 of 3000)
//
// watched is the length of the watch, without which a p-value has no words; what did not get worse has none either. A signal that could not be compared has a sentence that says why. A signal that was judged
// by its parts has a line for the worst part too. What is known of the change itself comes
// first.
func Moved(v detector.Verdict, watched time.Duration) []string {
	lines := changeReasons(v)
	for _, e := range shown(v) {
		chance := ""
		if e.Grade > detector.None {
			chance = Chance(e, v, watched)
		}
		lines = append(lines, printable(line(e, chance)))
	}
	return lines
}

// changeReasons says what no signal does: that the rollout failed, or that another change is
// as likely the cause.
func changeReasons(v detector.Verdict) []string {
	if v.Reason == detector.FailedRollout || v.Reason == detector.Confounded {
		return []string{sentence(v.Reason)}
	}
	return nil
}

// worstParts is, for each signal that was judged by its parts, the index of the worst part: of
// the highest grade, and of these the smallest p. The page shows the others.
func worstParts(v detector.Verdict) map[string]int {
	worst := map[string]int{}
	for i, e := range v.Signals {
		if e.Part == "" {
			continue
		}
		at, ok := worst[e.Part]
		if w := v.Signals[at]; !ok || e.Grade > w.Grade || e.Grade == w.Grade && e.P < w.P {
			worst[e.Part] = i
		}
	}
	return worst
}

// line is one signal in one line. chance is its p-value in words, "" where they stand elsewhere.
func line(e detector.Evidence, chance string) string {
	if what := lost(e); what != "" {
		return fmt.Sprintf("%s %s (%s). %s", e.Signal, what, strings.Join(support(e, ""), ", "), sentence(e.Reason))
	}
	if !compared(e) {
		return strings.TrimSpace(e.Signal+" "+graded(e)) + ": " + sentence(e.Reason)
	}
	details := []string{strings.Join(append([]string{difference(e)}, interval(e)...), ", "), strings.Join(support(e, chance), ", ")}
	return fmt.Sprintf("%s (%s)", fromTo(e), strings.Join(details, "; "))
}

// lost is what was lost with a signal, from what to what, "" where it was not lost or the
// verdict is older than this number.
func lost(e detector.Evidence) string {
	l := e.Loss
	switch {
	case l == nil || e.Reason != detector.SignalLost:
		return ""
	case l.EventsBefore > 0:
		return fmt.Sprintf("traffic %s → %s events/min", digits(l.EventsBefore), digits(l.EventsAfter))
	}
	return fmt.Sprintf("samples in %d of %d → %d of %d ticks", l.TicksBefore, l.Before, l.TicksAfter, l.After)
}

// compared reports whether the numbers describe what happened. For a signal that was lost
// they only describe the rest of it.
func compared(e detector.Evidence) bool {
	return e.Effect != (detector.Effect{}) && e.Reason != detector.SignalLost
}

// graded is the grade in words, "" for none.
func graded(e detector.Evidence) string {
	if e.Grade == detector.None {
		return ""
	}
	return e.Grade.String()
}

func difference(e detector.Evidence) string {
	text := signed(rounded(e.Effect), e.Unit)
	if e.Unit != fraction && e.Effect.Ratio > 0 {
		text += ", " + signed(100*(e.Effect.Ratio-1), "%")
	}
	return text
}

// rounded is the difference, 0 where it is only a rounding error.
func rounded(e detector.Effect) float64 {
	if math.Abs(e.Difference) < 1e-9*math.Max(math.Abs(e.Forecast), math.Abs(e.After)) {
		return 0
	}
	return e.Difference
}

func interval(e detector.Evidence) []string {
	if e.Effect.Low == 0 && e.Effect.High == 0 {
		return nil
	}
	return []string{fmt.Sprintf("95 %% %s to %s", bare(e.Effect.Low, e.Unit), bare(e.Effect.High, e.Unit))}
}

// support is what a line rests on: grade, p and events.
func support(e detector.Evidence, chance string) []string {
	weights := []string{e.Grade.String()}
	if e.Reason == detector.SignalLost {
		return append(weights, "by "+string(detector.ByLoss))
	}
	if len(e.Tests) == 1 && (e.Tests[0] == detector.ByLimit || e.Tests[0] == detector.ByLoss) {
		weights = append(weights, "by "+string(e.Tests[0]))
	} else {
		weights = append(weights, probability(e.P))
	}
	if chance != "" {
		weights = append(weights, chance)
	}
	if c := e.Counts; c != nil {
		weights = append(weights, fmt.Sprintf("counts: %.0f of %.0f → %.0f of %.0f", c.BadBefore, c.TotalBefore, c.BadAfter, c.TotalAfter))
	}
	if e.Reason != "" {
		weights = append(weights, string(e.Reason))
	}
	return weights
}

func sentence(r detector.Reason) string {
	if s, known := detector.Reasons[r]; known {
		return s
	}
	return "Nothing could be compared."
}

// Headline is one line for subjects and titles: the change, its outcome, and the signal that
// decided.
//
//	cart v42 in production: regressed, certain — errors 0.5 % → 3.1 %
func Headline(c sources.Change, v detector.Verdict) string {
	text := strings.TrimSpace(c.Service + " " + c.What())
	if c.Environment != "" {
		text += " in " + c.Environment
	}
	text += ": " + v.Outcome.String()
	if by := v.HealthyBy(); by != "" {
		text += " " + by
	}
	if v.Grade > detector.None {
		text += ", " + v.Grade.String()
	}
	if worst := Worst(v); worst != "" {
		text += " — " + worst
	} else if v.Reason != "" {
		text += " — " + strings.TrimSuffix(sentence(v.Reason), ".")
	}
	return printable(text)
}

// Worst is the signal that decided, from what to what, "" where no signal has numbers.
//
//	errors 0.5 % → 3.1 %
func Worst(v detector.Verdict) string {
	e, found := decider(v)
	if what := lost(e); found && what != "" {
		return printable(e.Signal + " " + what)
	}
	if !found || !compared(e) {
		return ""
	}
	return printable(fromTo(e))
}

// decider is the worst signal of a verdict that has a grade at all.
func decider(v detector.Verdict) (detector.Evidence, bool) {
	for _, e := range v.Signals {
		if v.Grade > detector.None && e.Grade == v.Grade {
			return e, true
		}
	}
	return detector.Evidence{}, false
}
