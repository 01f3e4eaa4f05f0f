package rules

import (
	"fmt"
	"reflect"
	"slices"
)

// A key that a rule does not write comes from the rule it extends, then from its
// team's defaults, then from the defaults of Pushback. A rule that is extended
// cannot extend another: whoever reads a rule looks in one other place at most.

// draft is a rule that was decoded, until all files are read.
type draft struct {
	reader    *reader
	at        string
	team      string
	written   written
	rule      Rule
	hasErrors bool // a mistake in it was reported
}

// teamDefaults are the defaults of one team, and their place.
type teamDefaults struct {
	writtenDefaults
	place     string
	hasErrors bool
}

// defaults stores the defaults that a file has for all rules of its team.
func (r *reader) defaults(team string, d writtenDefaults) {
	if first, twice := r.teams[team]; twice {
		r.at("defaults", codeDuplicateDefaults, fmt.Sprintf("team %q has defaults already", team), "the others are at "+first.place)
		return
	}
	before := len(r.found)
	// Checked with a rule that has no other keys, so that a mistake is reported
	// once, and at its place.
	empty := d.fillInto(written{})
	rule := Rule{Team: team, Language: r.world.language(d.Store), Watch: Selector{Service: "*"}}
	r.store("defaults", empty)
	r.times("defaults", empty, &rule)
	r.options("defaults", empty, &rule)
	for i, line := range d.Respond {
		r.response(fmt.Sprintf("defaults.respond[%d]", i), line, rule)
	}
	r.teams[team] = teamDefaults{
		writtenDefaults: d, hasErrors: len(r.found) > before,
		place: fmt.Sprintf("%s:%d", r.file, r.positions.Value("defaults").Line),
	}
}

// fillInto fills in what w does not write itself.
func (d writtenDefaults) fillInto(w written) written {
	w.writtenSettings = inherit(w.writtenSettings, d.writtenSettings)
	w.writtenResponses = inherit(w.writtenResponses, d.writtenResponses)
	return w
}

// extending is w with every key that it takes from base: all but the name, the
// watch, and what names another rule.
func (w written) extending(base written) written {
	base.Name, base.Use, base.Extends, base.Watch = "", "", "", nil
	w.Extends = ""
	w.Set = mergeSettings(w.Set, base.Set)
	w.Signals = mergeSignals(w.Signals, base.Signals)
	return inherit(w, base)
}

// inherit is own, with the value from base for every key that own does not
// write. It goes over the fields, so that a new key is inherited too (adr/0055).
// A struct that is embedded is taken key by key, any other value as a whole.
func inherit[T any](own, base T) T {
	inheritFields(reflect.ValueOf(&own).Elem(), reflect.ValueOf(base))
	return own
}

func inheritFields(own, base reflect.Value) {
	for i := range own.NumField() {
		switch field := own.Field(i); {
		case own.Type().Field(i).Anonymous:
			inheritFields(field, base.Field(i))
		case field.IsZero():
			field.Set(base.Field(i))
		}
	}
}

// mergeSignals are the rule's own signals, each with what it inherits from the
// one of the same name in base, then the other signals of base. Own ones come
// first, because their positions in the file are found by number.
func mergeSignals(own, base []writtenSignal) []writtenSignal {
	all := slices.Clone(own)
	for _, b := range base {
		i := slices.IndexFunc(own, func(s writtenSignal) bool { return s.Name == b.Name })
		if i < 0 {
			all = append(all, b)
			continue
		}
		all[i] = inherit(all[i], b)
	}
	return all
}

// fillDrafts turns every draft into a rule: those that use one of the library first,
// then those without `use` and `extends`, then those that extend another.
func (l *loader) fillDrafts() {
	for i, d := range l.drafts {
		if _, twice := l.indexByName[d.written.Name]; !twice {
			l.indexByName[d.written.Name] = i
		}
	}
	for i := range l.drafts {
		if l.drafts[i].written.Use != "" {
			l.use(&l.drafts[i])
		}
	}
	for i := range l.drafts {
		if l.halted() {
			return
		}
		if w := l.drafts[i].written; w.Extends == "" && w.Use == "" {
			l.fill(&l.drafts[i], l.drafts[i].written, false)
		}
	}
	for i := range l.drafts {
		if l.halted() {
			return
		}
		if l.drafts[i].written.Extends != "" {
			l.extend(&l.drafts[i])
		}
	}
}

// extend fills a draft with what it inherits from the rule that it names. If
// there is none, the keys of the draft itself are checked.
func (l *loader) extend(d *draft) {
	base, message, hint := l.base(d)
	if base != nil {
		l.fill(d, d.written.extending(base.written), base.hasErrors)
		return
	}
	d.reader.at(d.at+".extends", codeBadExtends, message, hint)
	d.reader.baseMissing = true
	l.fill(d, d.written, true)
	d.reader.baseMissing = false
}

// base is the rule that a draft extends; nil with a message if it cannot.
func (l *loader) base(d *draft) (base *draft, message, hint string) {
	name := d.written.Extends
	i, ok := l.indexByName[name]
	switch {
	case !ok:
		return nil, fmt.Sprintf("no rule is called %q", name), l.hintForUnknownRule(d.written.Name, name)
	case &l.drafts[i] == d:
		return nil, "a rule cannot extend itself", ""
	case l.drafts[i].written.Extends != "":
		further := l.drafts[i].written.Extends
		return nil, fmt.Sprintf("%q itself extends %q, and a rule can only extend one that extends no other", name, further), fmt.Sprintf("extend %q", further)
	}
	return &l.drafts[i], "", ""
}

// fill makes the rule of a draft. A mistake in an inherited key is reported where
// it is written, and not again here.
func (l *loader) fill(d *draft, w written, mistaken bool) {
	defaults := l.teams[d.team]
	w = d.reader.expandConventions(d.at, defaults.fillInto(w))
	if l.inherited += weight(reflect.ValueOf(w)); l.inherited > maxInherited {
		l.folderTooLarge("the rules, with what they inherit, hold more than %d MiB", maxInherited>>20)
		return
	}
	before := len(l.found)
	d.reader.skipInherited = mistaken || defaults.hasErrors
	d.rule = d.reader.rule(d.team, d.at, w)
	d.reader.skipInherited = false
	d.hasErrors = mistaken || len(l.found) > before
}

// hintForUnknownRule suggests the name of another rule.
func (l *loader) hintForUnknownRule(own, name string) string {
	var all []string
	for _, d := range l.drafts {
		if d.written.Name != own {
			all = append(all, d.written.Name)
		}
	}
	if len(all) == 0 {
		return "there is no other rule"
	}
	return nearest(name, all)
}
