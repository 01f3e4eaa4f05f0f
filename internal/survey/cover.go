package survey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Coverage says which rules have data for one service.
type Coverage struct {
	Service string         `json:"service"`
	Covered []RuleCoverage `json:"seen"`    // the rules with data for at least one signal
	Missing []Gap          `json:"missing"` // the rules that watch the service and have no data, and why
	Why     string         `json:"why,omitempty"`
	Nobody  []string       `json:"nobody,omitempty"` // words of the rules' responses that are nobody for the service
}

// RuleCoverage says which signals of a rule have data for a service.
type RuleCoverage struct {
	Rule    string   `json:"rule"`
	Signals []string `json:"signals"`          // those with data
	Without []string `json:"without"`          // those without
	Unseen  []string `json:"unseen,omitempty"` // those with data of which nothing bad can be seen: no series has the label that bad names
	Fault   string   `json:"fault,omitempty"`  // why the store could not be queried

	Failed   bool               `json:"-"`                  // Fault is the store's
	Warnings []rules.Diagnostic `json:"warnings,omitempty"` // what keeps a signal with data from being judged
}

// Gap is one rule that watches a service and has no data for it.
type Gap struct {
	Rule string `json:"rule"`
	Why  string `json:"why"`

	Failed bool `json:"failed,omitempty"` // the store could not be asked
}

// Options is everything that Cover needs.
type Options struct {
	Rules   *rules.Set
	Stores  map[string]gather.Ranger // metric stores by name
	Default string                   // the store of rules that name none
	Like    sources.Change           // environment, kind and labels of the change to assume
	At      time.Time
}

// Cover returns the coverage of one service at Options.At. It leaves out rules of
// scope site, because they belong to no service.
func (o Options) Cover(ctx context.Context, s rules.Service) Coverage {
	c := Coverage{Service: s.Name, Covered: []RuleCoverage{}, Missing: []Gap{}}
	change := o.Like
	change.Service = s.Name
	for _, b := range o.Rules.For(change, s) {
		if b.Rule().Site {
			continue
		}
		for _, word := range b.Nobody() {
			if !slices.Contains(c.Nobody, word) {
				c.Nobody = append(c.Nobody, word)
			}
		}
		v := o.coverage(ctx, b)
		switch {
		case len(v.Signals) > 0:
			c.Covered = append(c.Covered, v)
		case v.Fault != "":
			c.Missing = append(c.Missing, Gap{Rule: v.Rule, Why: v.Fault, Failed: v.Failed})
		default:
			c.Missing = append(c.Missing, Gap{Rule: v.Rule, Why: "the store has none of its series: " + strings.Join(seriesOf(b.Rule()), ", ")})
		}
	}
	if len(c.Covered) == 0 {
		c.Why = o.why(c, change, s)
	}
	return c
}

// coverage queries a rule's store for which of its signals have data.
func (o Options) coverage(ctx context.Context, b rules.Bound) RuleCoverage {
	rule := b.Rule()
	v := RuleCoverage{Rule: rule.Name, Signals: []string{}, Without: []string{}}
	name := cmp.Or(rule.Store, o.Default)
	store, ok := o.Stores[name]
	if !ok {
		v.Fault = fmt.Sprintf("no metric store %q in pushback.yml", name)
		return v
	}
	resolved, err := gather.Choose(ctx, store, b, o.At)
	switch {
	case errors.Is(err, rules.ErrNoMatch):
		v.Fault = "the service catalogue has no labels for it"
	case err != nil:
		v.Fault, v.Failed = err.Error(), true
	}
	v.Warnings = b.Warnings(resolved)
	for _, s := range rule.Signals {
		if _, has := resolved.Signals[s.Name]; has || err == nil && !rule.Language.Selectors() {
			v.Signals = append(v.Signals, s.Name)
			if b.Unseen(s, resolved) {
				v.Unseen = append(v.Unseen, s.Name)
			}
		} else {
			v.Without = append(v.Without, s.Name)
		}
	}
	return v
}

// why says in one sentence why no rule has data for a service.
func (o Options) why(c Coverage, change sources.Change, s rules.Service) string {
	if len(c.Missing) > 0 {
		return fmt.Sprintf("%s: %s", c.Missing[0].Rule, c.Missing[0].Why)
	}
	for _, r := range o.Rules.Rules() {
		other := r
		other.Watch.Environment, other.Watch.Region, other.Watch.Kind, other.Watch.Labels, other.Watch.Team = "*", "", nil, nil, ""
		if !r.Site && other.Watches(change, s) {
			return fmt.Sprintf("rule %s watches a service of this name, but not a %s in %s", r.Name, change.Kind, change.Environment)
		}
		other.Watch.Except = nil
		if !r.Site && other.Watches(change, s) {
			return fmt.Sprintf("rule %s excepts it, and no other rule watches a service of this name", r.Name)
		}
	}
	return "no rule watches a service of this name"
}

// seriesOf returns the metrics that a rule queries, each once; of a query that needs none, its text.
func seriesOf(r rules.Rule) []string {
	const few = 6
	var all []string
	for _, s := range r.Signals {
		for _, e := range s.AnyOf {
			metric, _, _ := strings.Cut(e.Metrics, "|")
			if text := cmp.Or(metric, e.Counter, e.Histogram, e.Query, e.TotalQuery); !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	if len(all) > few {
		return append(all[:few:few], fmt.Sprintf("and %d more", len(all)-few))
	}
	return all
}
