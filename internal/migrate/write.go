package migrate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/common/model"
)

// head says what is different in all rules, whatever was read.
const head = `# Written by pushback rules migrate. Read docs/migrating.md before you use it.
# A limit says here what a condition says there, with three differences: it has to be exceeded in
# two ticks in a row, and a tick is a thirtieth of the bake in whole scrapes; it does not count if
# it was exceeded before the change already; and a query without a finite number (no data, NaN,
# Inf) makes the watch blind, which fails nothing. Beside its limit each signal is compared with
# its own past. Where the tool names no length, the rule has Pushback's own: bake 30m; and its
# settle is 1m.
`

// write returns the text of a rule file: for each object its rules, and what was left of it.
func (c *converter) write() string {
	var b strings.Builder
	b.WriteString(head)
	fmt.Fprintf(&b, "team: %s\n", quoted(c.options.Team))
	if c.summary.Converted > 0 {
		b.WriteString("rules:\n")
	}
	for _, l := range c.unread {
		fmt.Fprintf(&b, "\n  # left: %s:\n  #   %s\n", printable(l.String()), printable(l.Reason))
	}
	for _, d := range c.documents {
		if len(d.left) > 0 || len(d.ignored) > 0 && !d.judgesNothing() {
			fmt.Fprintf(&b, "\n  # %s, %s:%d\n", printable(d.title()), printable(d.file), d.above+d.root.Line)
			writeLeft(&b, d)
		}
		for _, r := range c.rules {
			if r.doc == d && r.made() {
				r.write(&b)
			}
		}
	}
	c.writeOthers(&b)
	return b.String()
}

// judgesNothing reports whether the whole document is something else.
func (d *document) judgesNothing() bool {
	return len(d.ignored) == 1 && d.ignored[0].Reason == judgesNothing
}

// writeOthers lists the documents that are something else.
func (c *converter) writeOthers(b *strings.Builder) {
	title := "\n  # These objects judge no release:\n"
	for _, d := range c.documents {
		if d.judgesNothing() {
			fmt.Fprintf(b, "%s  #   %s:%d: %s\n", title, printable(d.file), d.above+d.root.Line, printable(d.title()))
			title = ""
		}
	}
}

// writeLeft lists what was left of an object, in the order of its lines; what has one reason is
// listed together.
func writeLeft(b *strings.Builder, d *document) {
	done := map[unknown]bool{}
	for i, l := range d.left {
		why := unknown{l.Reason, l.Instead}
		if done[why] {
			continue
		}
		done[why] = true
		fmt.Fprintf(b, "  # left: %s", printable(l.String()))
		for _, o := range d.left[i+1:] {
			if (unknown{o.Reason, o.Instead}) == why {
				fmt.Fprintf(b, ", %d: %s", o.Line, orElse(printable(o.Path), "all of it"))
			}
		}
		fmt.Fprintf(b, ":\n  #   %s\n", printable(l.Reason))
		if l.Instead != "" {
			fmt.Fprintf(b, "  #   instead: %s\n", printable(l.Instead))
		}
	}
	writeIgnored(b, d)
}

func writeIgnored(b *strings.Builder, d *document) {
	var paths []string
	for _, l := range d.ignored {
		paths = append(paths, printable(l.Path))
	}
	if len(paths) > 0 {
		fmt.Fprintf(b, "  # without meaning for a rule: %s\n", strings.Join(paths, ", "))
	}
}

// byStore makes a rule for each metric store that the signals ask.
func (r rule) byStore() (all []rule) {
	var stores []string
	for _, m := range r.metrics {
		if !slices.Contains(stores, m.store) {
			stores = append(stores, m.store)
		}
	}
	for i, store := range stores {
		one := r
		if one.store = store; i > 0 {
			one.name += "-" + orElse(nameFrom(store, ""), "default")
		}
		one.metrics = slices.DeleteFunc(slices.Clone(r.metrics), func(m metric) bool { return m.store != store })
		all = append(all, one)
	}
	return all
}

// made reports whether a rule has a signal that can be written.
func (r rule) made() bool { return slices.ContainsFunc(r.metrics, metric.made) }

// made reports whether a metric has a signal that can be written.
func (m metric) made() bool {
	return slices.ContainsFunc(m.signals, func(s signal) bool { return s.unsupported == "" })
}

func (r rule) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n  # from %s\n", printable(r.from))
	comment(b, "  ", r.notes)
	fmt.Fprintf(b, "  - name: %s\n    watch: {service: %s}\n", quoted(r.name), quoted(r.service))
	if r.store != "" {
		fmt.Fprintf(b, "    store: %s\n", quoted(r.store))
	}
	r.writeTimes(b)
	b.WriteString("    signals:\n")
	for _, m := range r.metrics {
		for _, s := range m.signals {
			if s.unsupported == "" {
				s.write(b, "      ")
			}
		}
	}
	b.WriteString("    # respond:                          # who gets messages, and whether to roll back: see docs/rules.md\n    #   - {at_least: likely, tell: $owner.pager}\n")
}

func (r rule) writeTimes(b *strings.Builder) {
	for _, t := range r.times() {
		fmt.Fprintf(b, "    %s: %s\n", t.name, model.Duration(t.written))
	}
}

// ruleTime is a time of a rule as it was read, and as it is written.
type ruleTime struct {
	name                       string
	read, written, least, most time.Duration
}

func (r rule) times() (all []ruleTime) {
	for _, t := range []ruleTime{
		{name: "bake", read: r.bake, least: 10 * time.Second, most: 7 * 24 * time.Hour},
		{name: "every", read: r.every, least: time.Second, most: r.maxEvery()},
	} {
		t.written = min(max(t.read, t.least), t.most).Truncate(time.Second)
		if t.read > 0 {
			all = append(all, t)
		}
	}
	return all
}

// maxEvery returns the longest time between looks that the loader accepts.
func (r rule) maxEvery() time.Duration {
	if r.bake > 0 {
		return max(r.bake, 10*time.Second)
	}
	return 30 * time.Minute
}

func (s signal) write(b *strings.Builder, indent string) {
	comment(b, indent, s.notes)
	fmt.Fprintf(b, "%s- name: %s\n", indent, quoted(s.name))
	for _, k := range s.keys {
		fmt.Fprintf(b, "%s  %s: %s\n", indent, k.name, k.value)
	}
}

// comment writes notes as comments, each on lines of its own.
func comment(b *strings.Builder, indent string, notes []string) {
	for _, n := range notes {
		for line := range strings.Lines(n) {
			fmt.Fprintf(b, "%s# %s\n", indent, printable(strings.TrimRight(line, "\r\n")))
		}
	}
}

// printable removes characters that would end a comment or cannot be printed.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
}

// quoted returns text as a YAML string: in single quotes, as people write queries, or
// as JSON if it has characters that single quotes cannot contain.
func quoted(text string) string {
	if printable(text) == text {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(strings.ToValidUTF8(text, "")); err != nil {
		panic("migrate: encode text: " + err.Error()) // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// unquoted is the text that quoted has made into YAML.
func unquoted(value string) string {
	var text string
	if json.Unmarshal([]byte(value), &text) == nil {
		return text
	}
	return strings.ReplaceAll(strings.Trim(value, "'"), "''", "'")
}
