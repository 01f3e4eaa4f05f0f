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

// Coverage is what the rules can see of one service.
type Coverage struct {
	Service string `json:"service"`
	Seen    []View `json:"seen"`    // rules with at least one signal that has data
	Missing []Gap  `json:"missing"` // rules that watch it and see nothing, and why
	Why     string `json:"why,omitempty"`
}

// View is one rule that sees a service.
type View struct {
	Rule    string   `json:"rule"`
	Signals []string `json:"signals"`         // those with data
	Without []string `json:"without"`         // those without
	Fault   string   `json:"fault,omitempty"` // of its store
}

// Gap is one rule that watches a service and sees nothing of it.
type Gap struct {
	Rule string `json:"rule"`
	Why  string `json:"why"`
}

// Options is what coverage is asked with.
type Options struct {
	Rules   *rules.Set
	Stores  map[string]gather.Ranger // metric stores by name
	Default string                   // the store of rules that name none
	Like    sources.Change           // the change to think of: environment, kind, labels
	At      time.Time
}

// Cover says of one service which rules see it at this moment. A rule of scope
// site belongs to no service, and is left out.
func (o Options) Cover(ctx context.Context, s rules.Service) Coverage {
	c := Coverage{Service: s.Name, Seen: []View{}, Missing: []Gap{}}
	change := o.Like
	change.Service = s.Name
	for _, b := range o.Rules.For(change, s) {
		if b.Rule().Site {
			continue
		}
		v := o.view(ctx, b)
		switch {
		case len(v.Signals) > 0:
			c.Seen = append(c.Seen, v)
		case v.Fault != "":
			c.Missing = append(c.Missing, Gap{v.Rule, v.Fault})
		default:
			c.Missing = append(c.Missing, Gap{v.Rule, "the store has none of its series: " + strings.Join(sought(b.Rule()), ", ")})
		}
	}
	if len(c.Seen) == 0 {
		c.Why = o.why(c, change, s)
	}
	return c
}

// view asks a rule's store which of its signals have data.
func (o Options) view(ctx context.Context, b rules.Bound) View {
	rule := b.Rule()
	v := View{Rule: rule.Name, Signals: []string{}, Without: []string{}}
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
		v.Fault = err.Error()
	}
	for _, s := range rule.Signals {
		if _, has := resolved.Signals[s.Name]; has || err == nil && !rule.Language.Selectors() {
			v.Signals = append(v.Signals, s.Name)
		} else {
			v.Without = append(v.Without, s.Name)
		}
	}
	return v
}

// why is one sentence about a service that no rule sees.
func (o Options) why(c Coverage, change sources.Change, s rules.Service) string {
	if len(c.Missing) > 0 {
		return fmt.Sprintf("%s: %s", c.Missing[0].Rule, c.Missing[0].Why)
	}
	for _, r := range o.Rules.Rules() {
		other := r
		other.Watch.Environment, other.Watch.Region, other.Watch.Kind, other.Watch.Labels, other.Watch.Team = "", "", nil, nil, ""
		if !r.Site && other.Watches(change, s) {
			return fmt.Sprintf("rule %s has its name, but not a %s in %s", r.Name, change.Kind, change.Environment)
		}
		other.Watch.Except = nil
		if !r.Site && other.Watches(change, s) {
			return fmt.Sprintf("rule %s excepts it, and no other rule has its name", r.Name)
		}
	}
	return "no rule has its name"
}

// sought are what a rule looks for, each once, as written.
func sought(r rules.Rule) []string {
	const few = 6
	var all []string
	for _, s := range r.Signals {
		for _, e := range s.AnyOf {
			if text := cmp.Or(e.Counter, e.Histogram, e.Query, e.TotalQuery); !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	if len(all) > few {
		return append(all[:few:few], fmt.Sprintf("and %d more", len(all)-few))
	}
	return all
}
