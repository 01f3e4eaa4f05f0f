package rules

import (
	"fmt"
	"reflect"
	"slices"
)

// The limits of a folder, which belongs to teams: nothing that is written there may keep the
// daemon from watching under the last good rules. They are far above what people write. A
// rule that inherits counts with what it inherits, because a short rule may stand for a long
// one ten thousand times.
const (
	maxFiles        = 10_000
	maxEntries      = 50_000    // of the folder and those in it, whatever they are
	maxFolder       = 16 << 20  // bytes of all files together
	maxValues       = 1_000_000 // YAML values of all files together
	maxRules        = 10_000
	maxInherited    = 32 << 20 // bytes of all rules with what they inherit
	maxFound        = 1000     // mistakes that are looked for
	maxQuery        = 16 << 10 // bytes of one expression
	maxPattern      = 1000     // bytes of one glob
	maxSignals      = 100      // of one rule
	maxAlternatives = 20       // of one signal
	maxOthers       = 500      // entries of any other list or map of a rule
)

// halted reports whether reading ends early: enough mistakes were found, a limit was
// passed, or the caller has stopped it.
func (l *loader) halted() bool {
	if l.stopped == nil && l.world.Stop != nil {
		l.stopped = l.world.Stop()
		if l.stopped != nil {
			l.unreadable(".", l.stopped)
		}
	}
	return l.stopped != nil || l.beyond || len(l.found) >= maxFound
}

// folderTooLarge reports that a limit of the whole folder was passed.
func (l *loader) folderTooLarge(format string, limit int) {
	if !l.beyond {
		l.beyond = true
		l.found = append(l.found, Diagnostic{File: ".", Line: 1, Column: 1, Code: codeTooLarge, Message: fmt.Sprintf(format, limit), Hint: "take out what is not needed"})
	}
}

// count adds one decoded file to what is read of the folder.
func (l *loader) count(values, rules int) {
	l.values += values
	switch {
	case l.values > maxValues:
		l.folderTooLarge("the files hold more than %d values", maxValues)
	case len(l.drafts)+rules > maxRules:
		l.folderTooLarge("the folder holds more than %d rules", maxRules)
	}
}

// bounded reports the lists of a rule that are too long, and returns the rule without them.
func (r *reader) bounded(at string, w written) written {
	for _, list := range []struct {
		key   string
		n     int
		limit int
		empty func()
	}{
		{"signals", len(w.Signals), maxSignals, func() { w.Signals = w.Signals[:maxSignals] }},
		{"needs", len(w.Needs), maxSignals, func() { w.Needs = w.Needs[:maxSignals] }},
		{"set", len(w.Set), maxOthers, func() { w.Set = nil }},
		{"overrides", settingsOf(w.Overrides), maxOthers, func() { w.Overrides = nil }},
		{"respond", receiversOf(w.Respond), maxOthers, func() { w.Respond = nil }},
		{"policies", len(w.Policies), maxOthers, func() { w.Policies = nil }},
		{"watch", w.Watch.entries(), maxOthers, func() { w.Watch = &writtenWatch{Service: w.Watch.Service} }},
	} {
		if list.n > list.limit && !r.stored {
			r.at(at+"."+list.key, codeTooLarge, fmt.Sprintf("%s has %d entries, and may have %d", list.key, list.n, list.limit), "write several rules")
			list.empty()
		}
	}
	w.Signals = slices.Clone(w.Signals)
	for i, s := range w.Signals {
		if path := fmt.Sprintf("%s.signals[%d].any_of", at, i); len(s.Source.AnyOf) > maxAlternatives && !r.stored {
			r.at(path, codeTooLarge, fmt.Sprintf("any_of has %d entries, and may have %d", len(s.Source.AnyOf), maxAlternatives), "")
			w.Signals[i].Source.AnyOf = s.Source.AnyOf[:maxAlternatives]
		}
	}
	return w
}

// entries is the length of the longest list of a selector.
func (w *writtenWatch) entries() int {
	if w == nil {
		return 0
	}
	return max(len(w.Except), len(w.Kind), len(w.Labels))
}

// settingsOf is how many settings all overrides have.
func settingsOf(all []writtenOverride) int {
	n := len(all)
	for _, o := range all {
		n += len(o.Set)
	}
	return n
}

// receiversOf is how many receivers all lines have.
func receiversOf(all []writtenResponse) int {
	n := len(all)
	for _, line := range all {
		n += len(line.Tell)
	}
	return n
}

// tooLong reports an expression that is too long to be parsed.
func (r *reader) tooLong(at, text string) bool {
	if len(text) <= maxQuery || r.stored {
		return false
	}
	r.at(at, codeTooLarge, fmt.Sprintf("the expression has more than %d KiB", maxQuery>>10), "let the metric store record a part of it")
	return true
}

// weight is about how many bytes a value is written with.
func weight(v reflect.Value) int {
	total := 1
	switch v.Kind() {
	case reflect.String:
		total += v.Len()
	case reflect.Pointer:
		if !v.IsNil() {
			total += weight(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			total += weight(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			total += weight(v.Index(i))
		}
	case reflect.Map:
		for each := v.MapRange(); each.Next(); {
			total += weight(each.Key()) + weight(each.Value())
		}
	}
	return total
}
