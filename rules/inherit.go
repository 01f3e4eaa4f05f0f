package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// What a rule does not say itself, it has from the rule it extends, then from
// its team's defaults, then from us. Extending goes one level deep: a reader
// has to look in one other place and no further.

// draft is a rule that was decoded and waits until all files were read.
type draft struct {
	reader   *reader
	at       string
	team     string
	written  written
	rule     Rule
	mistaken bool // something in it is wrong, and was said
}

// teamDefaults are the defaults of one team, and where they stand.
type teamDefaults struct {
	writtenDefaults
	place    string
	mistaken bool
}

// defaults keeps what a file says for all rules of its team.
func (r *reader) defaults(team string, d writtenDefaults) {
	if first, twice := r.teams[team]; twice {
		r.at("defaults", codeDuplicateDefaults, fmt.Sprintf("team %s has defaults already", team), "they stand at "+first.place)
		return
	}
	before := len(r.found)
	// Tried on a rule that says nothing else, so that what is wrong is told
	// where it stands, and once.
	trial := d.under(written{})
	rule := Rule{Language: r.world.language(d.Store), Watch: Selector{Service: "*"}}
	r.store("defaults", trial)
	r.times("defaults", trial, &rule)
	r.manners("defaults", trial, &rule)
	for i, line := range d.Respond {
		r.response(fmt.Sprintf("defaults.respond[%d]", i), line, rule)
	}
	r.teams[team] = teamDefaults{
		writtenDefaults: d, mistaken: len(r.found) > before,
		place: fmt.Sprintf("%s:%d", r.file, r.positions.Value("defaults").Line),
	}
}

// under fills in what w does not write itself.
func (d writtenDefaults) under(w written) written {
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
// write. It goes over the fields, so that a new key is inherited too. A struct
// that is embedded is taken key by key, any other value as a whole.
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

// settle turns every draft into a rule: what the library has comes first, then
// those that stand alone, then those that extend one.
func (l *loader) settle() {
	for i, d := range l.drafts {
		if _, twice := l.called[d.written.Name]; !twice {
			l.called[d.written.Name] = i
		}
	}
	for i := range l.drafts {
		if l.drafts[i].written.Use != "" {
			l.use(&l.drafts[i])
		}
	}
	for i := range l.drafts {
		if w := l.drafts[i].written; w.Extends == "" && w.Use == "" {
			l.fill(&l.drafts[i], l.drafts[i].written, false)
		}
	}
	for i := range l.drafts {
		if l.drafts[i].written.Extends != "" {
			l.extend(&l.drafts[i])
		}
	}
}

// extend fills a draft on top of the one it names. Where that cannot be, what
// the rule says itself is checked all the same.
func (l *loader) extend(d *draft) {
	base, message, hint := l.base(d)
	if base != nil {
		l.fill(d, d.written.extending(base.written), base.mistaken)
		return
	}
	d.reader.at(d.at+".extends", codeBadExtends, message, hint)
	d.reader.baseless = true
	l.fill(d, d.written, true)
	d.reader.baseless = false
}

// base is the rule that a draft extends, or why it cannot.
func (l *loader) base(d *draft) (base *draft, message, hint string) {
	name := d.written.Extends
	i, ok := l.called[name]
	switch {
	case !ok:
		return nil, fmt.Sprintf("no rule is called %q", name), l.otherThan(d.written.Name, name)
	case &l.drafts[i] == d:
		return nil, "a rule cannot extend itself", ""
	case l.drafts[i].written.Extends != "":
		further := l.drafts[i].written.Extends
		return nil, fmt.Sprintf("%q itself extends %q, and extending goes one level deep", name, further), fmt.Sprintf("extend %q", further)
	}
	return &l.drafts[i], "", ""
}

// fill makes the rule of a draft. What comes from elsewhere and was found
// wrong there is not told a second time.
func (l *loader) fill(d *draft, w written, mistaken bool) {
	defaults := l.teams[d.team]
	before := len(l.found)
	d.reader.elsewhere = mistaken || defaults.mistaken
	d.rule = d.reader.rule(d.team, d.at, defaults.under(w))
	d.reader.elsewhere = false
	d.mistaken = mistaken || len(l.found) > before
}

// otherThan is a hint for a name that no rule has.
func (l *loader) otherThan(own, name string) string {
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

// manners are what a rule says beside what it judges and does: what it may
// cost, where people
// read on, when they sleep, and how far each kind of evidence may go.
func (r *reader) manners(at string, w written, rule *Rule) {
	rule.Runbook, rule.Quiet, rule.Policies = w.Runbook, w.Quiet, w.Policies
	rule.Budget = r.budget(at+".budget", w.Budget)
	if w.Runbook != "" && !isAddress(w.Runbook) {
		r.at(at+".runbook", strictyaml.BadValue, "this is no http address", "write it as people type it, https://wiki.example.org/cart")
	}
	if w.Quiet != "" && r.world.Freezes != nil && !slices.Contains(r.world.Freezes, w.Quiet) {
		r.at(at+".quiet", codeUnknownFreeze, fmt.Sprintf("no window of pushback.yml is called %q", w.Quiet), nearest(w.Quiet, r.world.Freezes))
	}
	for reason := range w.Policies {
		if !slices.Contains(reasons, reason) {
			r.report(r.positions.Key(at+".policies."+reason), codeUnknownWord, fmt.Sprintf("unknown reason %q", reason), nearest(reason, reasons))
		}
	}
}

// isAddress takes what a person can click on, and nothing that a page or a
// chat would run.
func isAddress(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	return ok && rest != "" && rest[0] != '/' && len(s) <= 500 && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == '"' || c == '<' || c == '>' || c >= 0x7f })
}
