package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pushback/pushback/sources"
)

// A counter without the label that `bad` names has no bad events, and looks as healthy as a
// service without errors. So the probe of a counter asks which values the labels of `bad`
// have, and if a label has none, a second question asks which labels there are.
//
// See adr/0069.

// mostLabelled is how many series are asked for to see which labels a counter has.
const mostLabelled = 20

// namesOf are the labels that matchers name, each once.
func namesOf(matchers []*labels.Matcher) []string {
	names := make([]string, len(matchers))
	for i, m := range matchers {
		names[i] = m.Name
	}
	return unique(names)
}

// missingLabels are the labels that `bad` wants a value of and that no series of the counter
// has. A matcher such as code!="200" also matches series without the label.
func missingLabels(e Expr, answer []sources.Series) []string {
	if e.Counter == "" || len(answer) == 0 {
		return nil
	}
	bad, err := badMatchers(e.Bad)
	if err != nil {
		return nil
	}
	var missing []string
	for _, m := range bad {
		has := slices.ContainsFunc(answer, func(s sources.Series) bool { return s.Labels[m.Name] != "" })
		if !has && !m.Matches("") && !slices.Contains(missing, m.Name) {
			missing = append(missing, m.Name)
		}
	}
	return missing
}

// LabelProbes ask, by signal, for some series of every counter that lacks a label of `bad`.
func (b Bound) LabelProbes(r Resolved) map[string]string {
	all := map[string]string{}
	for _, s := range b.rule.Signals {
		if c := r.Signals[s.Name]; len(c.Missing) > 0 {
			if selector, err := b.selector(s.AnyOf[c.Index].Counter, ""); err == nil {
				all[s.Name] = fmt.Sprintf("topk(%d, %s)", mostLabelled, selector)
			}
		}
	}
	return all
}

// WithLabels is r with the answer to the label probe of one signal: the labels that could
// be meant. Those that select the service, and the name of the target, are left out.
func (b Bound) WithLabels(r Resolved, signal string, answer []sources.Series) Resolved {
	names := map[string]bool{}
	for _, s := range answer {
		for name := range s.Labels {
			if _, selects := b.service.Match[name]; !selects && name != "__name__" && name != "instance" {
				names[name] = true
			}
		}
	}
	c := r.Signals[signal]
	c.Labels = slices.Sorted(maps.Keys(names))
	r.Signals[signal] = c
	return r
}

// unseenLabels says why the bad events of a signal can never be seen, "" if they can: "no
// series of http_requests_total has the label status; it has code, method".
func (b Bound) unseenLabels(s Signal, r Resolved) string {
	c := r.Signals[s.Name]
	if len(c.Missing) == 0 {
		return ""
	}
	name, _, _ := strings.Cut(s.AnyOf[c.Index].Counter, "{")
	has := "no other label"
	if len(c.Labels) > 0 {
		has = strings.Join(c.Labels, ", ")
	}
	return fmt.Sprintf("no series of %s has the label %s; it has %s", strings.TrimSpace(name), strings.Join(c.Missing, " or "), has)
}
