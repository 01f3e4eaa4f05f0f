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

// write writes a rule file, and holds it to the loader.
func write(all []rule, o Options) (string, error) {
	var b strings.Builder
	b.WriteString("# Written by `pushback rules migrate`. Read the comments: they say what has no equal.\n")
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

// check turns what the loader would refuse into comments.
func (r *rule) check() {
	names := map[string]int{}
	for i := range r.signals {
		s := &r.signals[i]
		if names[s.name]++; names[s.name] > 1 {
			s.name = fmt.Sprintf("%s-%d", s.name, names[s.name])
		}
		if s.lost == "" {
			s.lost = s.loads()
		}
	}
}

// write writes a rule, unless none of its signals was carried over: then all
// of it is a comment. It gives how many rules it wrote.
func (r rule) write(b *strings.Builder) int {
	carried := 0
	for _, s := range r.signals {
		if s.lost == "" {
			carried++
		}
	}
	fmt.Fprintf(b, "  # from %s\n", plain(r.from))
	comment(b, "  ", r.notes)
	if carried > 0 {
		fmt.Fprintf(b, "  - name: %s\n    watch: {service: %s}\n", quoted(r.name), quoted(r.service))
		for _, t := range []struct {
			name        string
			d           time.Duration
			least, most time.Duration
		}{{"settle", r.settle, 0, 24 * time.Hour}, {"bake", r.bake, 10 * time.Second, 7 * 24 * time.Hour}, {"every", r.every, time.Second, r.longest()}} {
			if t.d > 0 {
				fmt.Fprintf(b, "    %s: %s\n", t.name, model.Duration(min(max(t.d, t.least), t.most).Truncate(time.Second)))
			}
		}
		b.WriteString("    signals:\n")
	}
	for _, s := range r.signals {
		s.write(b, "      ")
	}
	if carried > 0 {
		b.WriteString("    # respond:                          # whom to tell, and whether to roll back: see docs/rules.md\n    #   - {at_least: likely, tell: $owner.pager}\n")
		return 1
	}
	return 0
}

// longest is how far apart looks may be.
func (r rule) longest() time.Duration {
	if r.bake > 0 {
		return max(r.bake, 10*time.Second)
	}
	return 30 * time.Minute
}

func (s signal) write(b *strings.Builder, indent string) {
	if s.lost != "" {
		comment(b, indent, []string{s.name + " could not be carried over: " + s.lost})
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

// comment writes notes, each on lines of its own that nothing in it can end.
func comment(b *strings.Builder, indent string, notes []string) {
	for _, n := range notes {
		for line := range strings.Lines(n) {
			fmt.Fprintf(b, "%s# %s\n", indent, plain(strings.TrimRight(line, "\r\n")))
		}
	}
}

// plain leaves out what would end a comment, or is no character at all.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, text)
}

// quoted is text as YAML reads it back: in single quotes, as people write a
// query, or as JSON, which is YAML, where those cannot hold it.
func quoted(text string) string {
	if plain(text) == text {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(strings.ToValidUTF8(text, "")); err != nil {
		panic("migrate: writing text: " + err.Error()) // text can always be written
	}
	return strings.TrimSuffix(b.String(), "\n")
}
