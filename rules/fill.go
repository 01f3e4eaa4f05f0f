package rules

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// The defaults of keys that a rule does not write.
const (
	defaultSettle    = time.Minute
	defaultBake      = 30 * time.Minute
	defaultEvery     = 15 * time.Second
	defaultHistory   = 14 * 24 * time.Hour
	defaultMinEvents = 50
)

var (
	ruleName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	signalName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
)

// rule fills in one rule from w, which has the keys that it writes and those that
// it inherits.
func (r *reader) rule(team, at string, w written) Rule {
	rule := Rule{
		Team: team, Name: w.Name, File: r.file, Line: r.positions.Value(at).Line,
		Store: w.Store, Language: r.world.language(w.Store),
	}
	r.scope(at, w, &rule)
	r.store(at, w)
	r.times(at, w, &rule)
	r.options(at, w, &rule)
	r.judge(at, w, &rule)
	names := map[string]bool{}
	for i, s := range w.Signals {
		if r.halted() {
			break
		}
		path := fmt.Sprintf("%s.signals[%d]", at, i)
		if names[s.Name] && s.Name != "" {
			r.at(path+".name", codeDuplicateName, fmt.Sprintf("a signal is already called %q", s.Name), "")
		}
		names[s.Name] = true
		rule.Signals = append(rule.Signals, r.signal(path, s, rule))
	}
	if len(w.Signals) == 0 {
		r.noSignals(at)
	}
	r.needs(at, w.Needs, &rule)
	r.settings(at, w, &rule)
	r.overrides(at, w, &rule)
	for i, line := range w.Respond {
		rule.Respond = append(rule.Respond, r.response(fmt.Sprintf("%s.respond[%d]", at, i), line, rule))
	}
	if len(r.found) == 0 {
		rule.Text, rule.Hash = textOf(team, w), hashOf(rule)
	}
	return rule
}

// needs reads the names of signals that must be seen.
func (r *reader) needs(at string, names []string, rule *Rule) {
	known := make([]string, len(rule.Signals))
	for i, s := range rule.Signals {
		known[i] = s.Name
	}
	for i, name := range names {
		if !slices.Contains(known, name) {
			r.at(r.item(at+".needs", i), codeUnknownWord, fmt.Sprintf("this rule has no signal %q", name), nearest(name, known))
		}
	}
	rule.Needs = names
}

func (r *reader) noSignals(at string) {
	if r.positions.Has(at + ".signals") {
		r.at(at+".signals", strictyaml.MissingField, "a rule needs at least one signal", "")
		return
	}
	if !r.baseMissing {
		r.at(at, strictyaml.MissingField, `the key "signals" is missing`, "")
	}
}

// name checks the name of a rule. A missing one was reported by the decoder.
func (r *reader) name(at, name string) {
	if name == "" && !r.positions.Has(at+".name") {
		return
	}
	if !ruleName.MatchString(name) {
		r.at(at+".name", codeBadName, "a rule's name is letters, digits, dots, dashes and underscores, at most 64", "")
		return
	}
	place := r.positions.Value(at + ".name")
	here := fmt.Sprintf("%s:%d", r.file, place.Line)
	if first, twice := r.placeByName[name]; twice {
		r.at(at+".name", codeDuplicateRule, fmt.Sprintf("a rule is already called %q", name), "the other one is at "+first)
		return
	}
	r.placeByName[name] = here
}

func (r *reader) scope(at string, w written, rule *Rule) {
	if w.Scope != "" && w.Scope != "site" && w.Scope != "service" {
		r.word(at+".scope", "scope", w.Scope, []string{"service", "site"})
	}
	rule.Site = w.Scope == "site"
	if w.Watch == nil {
		if !rule.Site {
			r.at(at, strictyaml.MissingField, `the key "watch" is missing`, `say which services, as in watch: {service: "*"}`)
		}
		return
	}
	r.selector(at+".watch", *w.Watch, rule)
}

func (r *reader) selector(at string, w writtenWatch, rule *Rule) {
	switch {
	case w.Service == nil && !rule.Site:
		r.at(at, strictyaml.MissingField, `the key "service" is missing`, `write "*" to watch every service`)
	case w.Service != nil && *w.Service == "":
		r.at(at+".service", codeWidening, "an empty service would watch every service", `write "*" if that is meant`)
	case w.Service != nil && rule.Site:
		r.at(at+".service", codeSignalForm, "a rule of scope site belongs to no service", "remove the key")
	case w.Service != nil:
		rule.Watch.Service = *w.Service
	}
	rule.Watch.Except, rule.Watch.Environment, rule.Watch.Region = w.Except, w.Environment, w.Region
	rule.Watch.Team, rule.Watch.Labels = w.Team, w.Labels
	r.checkNarrowing(at, w)
	r.glob(at+".service", rule.Watch.Service)
	r.glob(at+".environment", w.Environment)
	r.warnOfEnvironment(at+".environment", w.Environment)
	r.glob(at+".region", w.Region)
	for i, g := range w.Except {
		r.glob(r.item(at+".except", i), g)
	}
	for i, k := range w.Kind {
		r.word(r.item(at+".kind", i), "kind of change", k, kinds)
		rule.Watch.Kind = append(rule.Watch.Kind, sources.Kind(k))
	}
}

// checkNarrowing checks the keys that restrict what is watched. An empty one would
// restrict nothing, which is hardly meant.
func (r *reader) checkNarrowing(at string, w writtenWatch) {
	for key, glob := range map[string]string{"team": w.Team, "environment": w.Environment, "region": w.Region} {
		if glob == "" && r.positions.Has(at+"."+key) {
			r.at(at+"."+key, codeWidening, fmt.Sprintf("an empty %s would not restrict anything", key), `leave the key out, or write "*", if any is meant`)
		}
	}
	r.glob(at+".team", w.Team)
	if len(w.Labels) == 0 && r.positions.Has(at+".labels") {
		r.at(at+".labels", codeWidening, "empty labels would not restrict anything", "leave the key out if any change is meant")
	}
	for _, name := range slices.Sorted(maps.Keys(w.Labels)) {
		if err := sources.CheckName(name); err != nil && !r.stored {
			r.at(at+".labels."+name, codeBadName, "the name of this label "+err.Error(), "")
		}
		if w.Labels[name] == "" {
			r.at(at+".labels."+name, codeWidening, "an empty label would match any value", `write "*" if any value is meant`)
		}
		r.glob(at+".labels."+name, w.Labels[name])
	}
	for key, list := range map[string][]string{"except": w.Except, "kind": w.Kind} {
		if len(list) == 0 && r.positions.Has(at+"."+key) {
			r.at(at+"."+key, codeWidening, fmt.Sprintf("an empty list of %s has no effect", key), "leave the key out, or name one")
		}
	}
}

// item is the path of one word of a list, or of the single word that may be
// written instead of a list.
func (r *reader) item(at string, i int) string {
	if p := fmt.Sprintf("%s[%d]", at, i); r.positions.Has(p) {
		return p
	}
	return at
}

func (r *reader) glob(at, glob string) {
	if len(glob) > maxPattern && !r.stored {
		r.at(at, codeTooLarge, fmt.Sprintf("a pattern has at most %d bytes", maxPattern), "write several rules")
		return
	}
	if err := sources.CheckName(glob); err != nil && len(glob) <= sources.MaxName && !r.stored {
		r.at(at, codeBadName, "what this pattern matches "+err.Error(), "")
		return
	}
	if _, err := path.Match(glob, ""); err != nil {
		r.at(at, codeBadGlob, "this pattern is not valid", "* is any text, ? one character, [a-z] a range; a \\ before one of them makes it an ordinary character")
	}
}

func (r *reader) word(at, what, word string, known []string) {
	if slices.Contains(known, word) {
		return
	}
	r.at(at, codeUnknownWord, fmt.Sprintf("unknown %s %q", what, word), nearest(word, known))
}

func (r *reader) store(at string, w written) {
	if r.stored || r.world.Stores == nil || w.Store == "" {
		return
	}
	if _, ok := r.world.Stores[w.Store]; !ok {
		var names []string
		for name := range r.world.Stores {
			names = append(names, name)
		}
		r.at(at+".store", codeUnknownStore, fmt.Sprintf("no metric store is called %q", w.Store), nearest(w.Store, names))
	}
}

// times fills in the durations, each within its range.
func (r *reader) times(at string, w written, rule *Rule) {
	day := 24 * time.Hour
	rule.Bake = r.length(at+".bake", w.Bake, defaultBake, 10*time.Second, 7*day)
	rule.Settle = r.length(at+".settle", w.Settle, defaultSettle, 0, day)
	rule.Every = r.length(at+".every", w.Every, min(defaultEvery, rule.Bake), time.Second, rule.Bake)
	rule.Tick = r.length(at+".tick", w.Tick, 0, time.Second, rule.Bake)
	rule.History = r.length(at+".history", w.History, defaultHistory, time.Hour, 400*day) // a year of ticks of an hour
	rule.Rollout = r.length(at+".rollout", w.Rollout, 0, 0, day)
	rule.Before = ticks
	if w.Before != nil {
		rule.Before = *w.Before
		if rule.Before < 10 || rule.Before > 200 {
			r.at(at+".before", codeOutOfRange, "before is a number of ticks from 10 to 200", "")
		}
	}
}

func (r *reader) length(at string, d *strictyaml.Duration, otherwise, least, most time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	length := time.Duration(*d)
	if length < least || length > most {
		r.at(at, codeOutOfRange, fmt.Sprintf("this must be from %s to %s", strictyaml.Duration(least), strictyaml.Duration(most)), "")
	}
	return length
}

// seasons are the periods a signal may repeat with.
var seasons = map[string]time.Duration{"day": 24 * time.Hour, "week": 7 * 24 * time.Hour}

// directions are what `worse` takes.
var directions = []string{string(detector.Higher), string(detector.Lower), string(detector.Either)}
