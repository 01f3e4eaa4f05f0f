package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/engine"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// ruleDetails answers what rules watch, what they do and what they did last. It asks no metric store.
type ruleDetails struct {
	engine *engine.Engine
	store  *store.Store
}

// maxFires is how many of the last fires of a rule are listed.
const maxFires = 20

// Details describes a rule in force. Its error wraps store.ErrNotFound where there is none of that name.
func (d ruleDetails) Details(ctx context.Context, name string) (api.RuleDetails, error) {
	set := d.engine.RuleSet()
	i := slices.IndexFunc(set.Rules(), func(r rules.Rule) bool { return r.Name == name })
	if i < 0 {
		return api.RuleDetails{}, fmt.Errorf("no rule in force is called %q: %w", name, store.ErrNotFound)
	}
	r := set.Rules()[i]
	fired, err := d.store.LastFires(ctx, r.Hash, maxFires)
	if err != nil {
		return api.RuleDetails{}, err
	}
	a := api.RuleDetails{Rule: r.Name, Watches: watchWords(r), For: lengthWords(r), Signals: []api.RuleSignal{}, Respond: []api.RuleResponse{}, Fires: []api.RuleFire{}}
	for _, s := range r.Signals {
		a.Signals = append(a.Signals, signalWords(s))
	}
	for _, line := range r.Respond {
		a.Respond = append(a.Respond, responseWords(line))
	}
	for _, o := range fired {
		a.Fires = append(a.Fires, api.RuleFire{Change: o.ChangeKey, Service: o.Service, At: o.EndedAt, Saved: o.Saved, FalseAlarm: o.FalseAlarm})
	}
	a.Covers, a.Misses = d.covered(set.Only(name))
	return a, nil
}

// Uncovered are the services of the catalogue that no rule watches.
func (d ruleDetails) Uncovered() api.Uncovered {
	known := d.engine.Catalogue().InMemory()
	_, missed := d.covered(d.engine.RuleSet())
	return api.Uncovered{Known: known != nil, Services: len(known), Names: missed}
}

// covered parts the services of the catalogue by whether a rule of a set watches their deploys in some environment.
func (d ruleDetails) covered(set *rules.Set) (covers, misses []string) {
	covers, misses = []string{}, []string{}
	anywhere := set.Anywhere()
	for _, name := range slices.Compact(slices.Sorted(slices.Values(d.engine.Catalogue().InMemory()))) {
		service := d.engine.Catalogue().Configured(name)
		if anywhere.Watches(sources.Change{Service: name, Kind: sources.Deploy}, service) {
			covers = append(covers, name)
		} else {
			misses = append(misses, name)
		}
	}
	return covers, misses
}

// watchWords says which changes a rule watches.
func watchWords(r rules.Rule) string {
	w := r.Watch
	what := "changes"
	if len(w.Kind) > 0 {
		kinds := make([]string, len(w.Kind))
		for i, kind := range w.Kind {
			kinds[i] = string(kind)
		}
		what = "changes of kind " + strings.Join(kinds, " or ")
	}
	said := what + " of " + globWords(w.Service, "every service")
	if len(w.Except) > 0 {
		said += " except " + strings.Join(w.Except, ", ")
	}
	if w.Team != "" {
		said += ", of team " + w.Team
	}
	said += ", in " + globWords(w.Environment, "every environment that is no preview")
	if w.Region != "" {
		said += ", in region " + w.Region
	}
	for _, name := range slices.Sorted(maps.Keys(w.Labels)) {
		said += fmt.Sprintf(", with label %s %s", name, w.Labels[name])
	}
	if r.Site {
		said += "; it covers the whole site, and rolls nothing back"
	}
	if r.Judge != "" {
		said += "; it judges the " + r.Judge + " of the service"
	}
	return said
}

func globWords(glob, all string) string {
	if glob == "" || glob == "*" {
		return all
	}
	return glob
}

func lengthWords(r rules.Rule) string {
	return fmt.Sprintf("%s to settle, then %s, looked at every %s", report.Span(r.Settle), report.Span(r.Bake), report.Span(r.Every))
}

func signalWords(s rules.Signal) api.RuleSignal {
	a := api.RuleSignal{Name: s.Name, From: []string{}, Worse: worseWords(s.Worse), Smallest: effectWords(s.MinEffect.Main, unitOf(s)), Parts: s.By}
	for _, e := range s.AnyOf {
		a.From = append(a.From, exprWords(e))
	}
	if s.Limit != nil {
		a.Limit = limitWords(*s.Limit, s.Worse)
	}
	return a
}

func worseWords(w detector.Worse) string {
	switch w {
	case detector.Lower:
		return "lower is worse"
	case detector.Either:
		return "either way is worse"
	case detector.Higher:
	}
	return "higher is worse"
}

func limitWords(l rules.Limit, w detector.Worse) string {
	unit := ""
	if l.Fraction {
		unit = "fraction"
	}
	if w == detector.Lower {
		return "below " + web.Number(l.Value, unit)
	}
	return "above " + web.Number(l.Value, unit)
}

// effectWords is the smallest effect that counts; "" for any.
func effectWords(m detector.MinEffect, unit string) string {
	var all []string
	if m.Relative > 0 {
		all = append(all, web.Number(m.Relative, "fraction")+" of what is expected")
	}
	if m.Absolute > 0 {
		all = append(all, strings.TrimPrefix(web.Signed(m.Absolute, unit), "+"))
	}
	return strings.Join(all, ", and ")
}

// unitOf is the unit of a signal, as far as the rule says it.
func unitOf(s rules.Signal) string {
	for _, e := range s.AnyOf {
		switch {
		case e.Bad != "" || e.BadQuery != "":
			return "fraction"
		case e.Unit != "":
			return e.Unit
		case e.Histogram != "":
			return "seconds"
		}
	}
	return ""
}

// exprWords is where numbers come from, as the rule has it.
func exprWords(e rules.Expr) string {
	switch {
	case e.Counter != "" && e.Bad != "":
		return "counter " + e.Counter + ", bad where " + e.Bad
	case e.Counter != "":
		return "counter " + e.Counter
	case e.Histogram != "":
		return "histogram " + e.Histogram
	case e.BadQuery != "":
		return "(" + e.BadQuery + ") of (" + e.TotalQuery + ")"
	}
	return e.Query
}

// responseWords is a response line. What a rule may really do depends on the trust that it has earned as well.
func responseWords(r rules.Response) api.RuleResponse {
	a := api.RuleResponse{When: "always", Tells: append([]string{}, r.Tell...)}
	switch {
	case r.On != "" && r.AtLeast > detector.None:
		a.When = "at least " + r.AtLeast.String() + " of harm, and " + r.On
	case r.On != "":
		a.When = r.On
	case r.AtLeast > detector.None:
		a.When = "at least " + r.AtLeast.String() + " of harm"
	}
	if r.When != "" {
		a.When += ", where " + r.When
	}
	if r.Rollback != nil {
		a.Does = rollbackWords(*r.Rollback)
	}
	return a
}

func rollbackWords(r rules.Rollback) string {
	switch r.Mode {
	case rules.Act:
		return "rolls back through " + r.Hook
	case rules.Ask:
		return "asks a person to roll back through " + r.Hook
	case rules.Observe:
	}
	return "notes that it would roll back through " + r.Hook
}
