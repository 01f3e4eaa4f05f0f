package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

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

// LabelProbes ask, by signal, for some series of every counter that lacks a label of `bad`, or
// that a query of bad events selects by a label of its own.
func (b Bound) LabelProbes(r Resolved) map[string]string {
	all := map[string]string{}
	for _, s := range b.rule.Signals {
		c, found := r.Signals[s.Name]
		if !found {
			continue
		}
		if of := b.badSelector(s.AnyOf[c.Index], r); len(of.wanted) > 0 {
			all[s.Name] = of.probe()
		} else if len(c.Missing) > 0 {
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
	if s, found := b.rule.signal(signal); found {
		of := b.badSelector(s.AnyOf[c.Index], r)
		for _, label := range of.wanted {
			if len(answer) > 0 && !slices.ContainsFunc(answer, func(s sources.Series) bool { return s.Labels[label] != "" }) {
				c.Missing = append(c.Missing, label)
			}
		}
	}
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
	if of := b.badSelector(s.AnyOf[c.Index], r); len(of.wanted) > 0 {
		name = of.name
	}
	has := "no other label"
	if len(c.Labels) > 0 {
		has = strings.Join(c.Labels, ", ")
	}
	return fmt.Sprintf("no series of %s has the label %s; it has %s", strings.TrimSpace(name), strings.Join(c.Missing, " or "), has)
}

// Unseen reports whether no series has a label that says which events of a signal are bad.
func (b Bound) Unseen(s Signal, r Resolved) bool { return b.unseenLabels(s, r) != "" }

// badSelector is what a ratio's query of bad events selects from the series of its total,
// without the labels that only the bad events have, and these labels. It is empty where bad
// events have a metric of their own, which need not exist before the first of them.
type badSelector struct {
	name   string
	others []*labels.Matcher
	wanted []string
}

// probe asks for some series, and for those that have the labels wanted.
func (s badSelector) probe() string {
	of := func(more ...*labels.Matcher) string {
		return (&parser.VectorSelector{Name: s.name, LabelMatchers: slices.Concat(s.others, more)}).String()
	}
	probe := fmt.Sprintf("topk(%d, %s)", mostLabelled, of())
	for _, label := range s.wanted {
		probe += fmt.Sprintf(" or group by (%s) (%s)", label, of(labels.MustNewMatcher(labels.MatchNotEqual, label, "")))
	}
	return probe
}

func (b Bound) badSelector(e Expr, r Resolved) badSelector {
	if e.BadQuery == "" || e.TotalQuery == "" {
		return badSelector{}
	}
	totals := b.selectorsOf(e.TotalQuery, r)
	for _, bad := range b.selectorsOf(e.BadQuery, r) {
		for _, total := range totals {
			if bad.Name == "" || bad.Name != total.Name {
				continue
			}
			of, shared := badSelector{name: bad.Name}, namesOf(total.LabelMatchers)
			for _, m := range bad.LabelMatchers {
				if !slices.Contains(shared, m.Name) && !m.Matches("") {
					of.wanted = append(of.wanted, m.Name)
				} else {
					of.others = append(of.others, m)
				}
			}
			return of
		}
	}
	return badSelector{}
}

// selectorsOf are the selectors of a query.
func (b Bound) selectorsOf(query string, r Resolved) []*parser.VectorSelector {
	tree, err := b.fill(query, b.spans(r, b.tick(r)))
	if err != nil {
		return nil
	}
	var all []*parser.VectorSelector
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			all = append(all, s)
		}
		return nil
	})
	return all
}
