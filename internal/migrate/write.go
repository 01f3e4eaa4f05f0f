package migrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/rules"
)

// write returns the text of a rule file, after checking that it loads.
func write(all []rule, o Options) (string, error) {
	var b strings.Builder
	b.WriteString("# Written by `pushback rules migrate`. The comments say what has no equivalent.\n")
	fmt.Fprintf(&b, "team: %s\nrules:\n", quoted(o.Team))
	seen := map[string]int{}
	written := 0
	for _, r := range all {
		r.check()
		if seen[r.name]++; seen[r.name] > 1 {
			r.name = fmt.Sprintf("%s-%d", r.name, seen[r.name])
		}
		if o.Service != "" {
			r.service = o.Service
		}
		written += r.write(&b)
	}
	if written == 0 {
		return "", fmt.Errorf("nothing in this file can be carried over:\n%s", b.String())
	}
	if _, found := rules.Load(fsOf(b.String()), rules.World{}); len(found) > 0 {
		return "", errors.Join(errors.New("the rule made from this file does not load: please report it"), found[0])
	}
	return b.String(), nil
}

// check gives signals of one name different names, and marks those that the loader
// would refuse.
func (r *rule) check() {
	names := map[string]int{}
	for i := range r.signals {
		s := &r.signals[i]
		if names[s.name]++; names[s.name] > 1 {
			s.name = fmt.Sprintf("%s-%d", s.name, names[s.name])
		}
		if s.unsupported == "" {
			s.withCombine()
			s.unsupported = s.loadError()
		}
	}
}

// write writes a rule and returns 1, or writes it as a comment and returns 0 if none
// of its signals is carried over.
func (r rule) write(b *strings.Builder) int {
	written := 0
	for _, s := range r.signals {
		if s.unsupported == "" {
			written++
		}
	}
	fmt.Fprintf(b, "  # from %s\n", printable(r.from))
	comment(b, "  ", r.notes)
	if written > 0 {
		fmt.Fprintf(b, "  - name: %s\n    watch: {service: %s}\n", quoted(r.name), quoted(r.service))
		for _, t := range []struct {
			name        string
			d           time.Duration
			least, most time.Duration
		}{{"settle", r.settle, 0, 24 * time.Hour}, {"bake", r.bake, 10 * time.Second, 7 * 24 * time.Hour}, {"every", r.every, time.Second, r.maxEvery()}} {
			if t.d > 0 {
				fmt.Fprintf(b, "    %s: %s\n", t.name, model.Duration(min(max(t.d, t.least), t.most).Truncate(time.Second)))
			}
		}
		b.WriteString("    signals:\n")
	}
	for _, s := range r.signals {
		s.write(b, "      ")
	}
	if written > 0 {
		b.WriteString("    # respond:                          # who gets messages, and whether to roll back: see docs/rules.md\n    #   - {at_least: likely, tell: $owner.pager}\n")
		return 1
	}
	return 0
}

// maxEvery returns the longest time between looks that the loader accepts.
func (r rule) maxEvery() time.Duration {
	if r.bake > 0 {
		return max(r.bake, 10*time.Second)
	}
	return 30 * time.Minute
}

func (s signal) write(b *strings.Builder, indent string) {
	if s.unsupported != "" {
		comment(b, indent, []string{s.name + " could not be carried over: " + s.unsupported})
		comment(b, indent, s.notes)
		for _, k := range s.keys {
			comment(b, indent, []string{"  " + k.name + ": " + k.value})
		}
		return
	}
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
