package detector

import (
	"slices"
	"strings"
)

// A signal may be healthy because nothing was looked at: its series do not exist, or no event
// can ever be bad, because the counter does not have the label that `bad` names. A verdict
// says which signals were not seen.
//
// See adr/0069.

// checkBadUnseen gives its reason to a signal whose bad events have never been seen and cannot
// be. A label may come with the first error, so that bad events are judged as soon as there
// are any.
func (t *trial) checkBadUnseen() {
	if t.signal.Unseen == "" || t.e.Reason != "" && t.e.Reason != ShortHistory {
		return
	}
	for _, ticks := range []Ticks{t.before, t.after, t.running} {
		if bad, _ := ticks.events(); bad > 0 {
			return
		}
	}
	t.e.Reason = BadUnseen
	t.note("Bad events cannot be seen: " + t.signal.Unseen + ".")
}

// unseen reports whether nothing of the signal, or none of its bad events, can be seen.
func (e Evidence) unseen() bool { return e.Reason == UnmatchedSeries || e.Reason == BadUnseen }

// unneeded reports whether a verdict may be healthy without this signal.
func (t *trial) unneeded() bool {
	return t.e.unseen() && t.signal.SkipUnmatched && !t.signal.Needed
}

// neededUnseen reports whether a signal that the rule needs was not seen.
func neededUnseen(trials []trial) bool {
	return slices.ContainsFunc(trials, func(t trial) bool { return t.signal.Needed && t.e.unseen() && t.signal.Part == "" })
}

// Seen are the signals that a verdict rests on, as the rule names them.
func (v Verdict) Seen() []string {
	return v.named(func(e Evidence) bool { return e.Healthy })
}

// Unseen are the signals of which nothing was seen, as the rule names them. A verdict may be
// healthy without them.
func (v Verdict) Unseen() []string {
	seen := v.Seen()
	return slices.DeleteFunc(v.named(Evidence.unseen), func(name string) bool { return slices.Contains(seen, name) })
}

// named are the signals that have some evidence, each once, parts left out. The two signals of
// a histogram are one for the rule.
func (v Verdict) named(has func(Evidence) bool) []string {
	var names []string
	for _, e := range v.Signals {
		name := strings.TrimSuffix(strings.TrimSuffix(e.Signal, ".mean"), ".slow")
		if e.Part == "" && has(e) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// HealthyBy is what a healthy verdict rests on, in words: "by latency; errors were never
// seen". It is empty where every signal was seen.
func (v Verdict) HealthyBy() string {
	seen, unseen := v.Seen(), v.Unseen()
	if v.Outcome != Healthy || len(unseen) == 0 {
		return ""
	}
	were := " were never seen"
	if len(unseen) == 1 && !strings.HasSuffix(unseen[0], "s") {
		were = " was never seen"
	}
	return "by " + strings.Join(seen, ", ") + "; " + strings.Join(unseen, ", ") + were
}
