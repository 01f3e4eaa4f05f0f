package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pushback/pushback/internal/strictyaml"
)

// firstFound loads one file and returns the first mistake.
func firstFound(text string, w World) string {
	_, found := Load(fstest.MapFS{"a.yml": {Data: []byte(text)}}, w)
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d: %s [%s]", found[0].File, found[0].Line, found[0].Message, found[0].Code)
}

func TestRulesAreBounded(t *testing.T) {
	const head = "team: t\nrules:\n  - name: a\n    watch: {service: x}\n    signals: "
	f := func(text, want string) {
		t.Helper()
		if got := firstFound(text, World{}); got != want {
			t.Errorf("%.200s:\n got %.200s\nwant %s", text, got, want)
		}
	}
	list := func(n int, item string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, item+", ", i)
		}
		return "[" + b.String() + "]"
	}
	signals := func(n int) string { return list(n, "{name: s%d, query: up}") }
	const one = "[{name: s, query: up}]"
	f(head+signals(100), "")
	f(head+signals(101), "a.yml:5: signals has 101 entries, and may have 100 [too-large]")
	f(head+"[{name: s, any_of: "+list(20, "{query: up%d}")+"}]", "")
	f(head+"[{name: s, any_of: "+list(21, "{query: up%d}")+"}]", "a.yml:5: any_of has 21 entries, and may have 20 [too-large]")
	f(head+one+"\n    overrides: "+list(300, "{service: s%d, set: {bake: 1h}}"), "a.yml:6: overrides has 600 entries, and may have 500 [too-large]")
	f(head+one+"\n    respond: "+list(501, "{on: healthy, tell: c%d}"), "a.yml:6: respond has 1002 entries, and may have 500 [too-large]")
	f(head+"[{name: s, query: '"+strings.Repeat("a", 16<<10)+"'}]", "")
	f(head+"[{name: s, query: '"+strings.Repeat("a", 16<<10+1)+"'}]", "a.yml:5: the expression has more than 16 KiB [too-large]")
	f(head+"[{name: s, counter: '"+strings.Repeat("a", 200_000)+"', bad: 'a=\"b\"'}]", "a.yml:5: the expression has more than 16 KiB [too-large]")
	f(head+"[{name: s, counter: a, bad: 'a=\""+strings.Repeat("b", 200_000)+"\"'}]", "a.yml:5: the expression has more than 16 KiB [too-large]")
	f(head+"[{name: s, query: '"+strings.Repeat("(", 8000)+"1"+strings.Repeat(")", 8000)+"'}]", "a.yml:5: the expression nests deeper than 100 levels [too-large]")
	f(head+"[{name: s, query: up, only_if: '"+strings.Repeat("-", 8000)+"1'}]", "a.yml:5: the expression has more than 1000 words and signs [too-large]")
	f(head+"[{name: s, counter: a, bad: 'a=~\""+strings.Repeat(`\\pL`, 100)+"\"'}]",
		"a.yml:5: the regular expressions, with their repetitions written out, have more than 20000 parts [too-large]")
	f("team: t\nrules:\n  - name: a\n    watch: {service: '"+strings.Repeat("*a", 501)+"'}\n    signals: "+one, "a.yml:4: a pattern has at most 1000 bytes [too-large]")
	f("team: t\nrules:\n  - name: a\n    watch: {service: x, except: "+list(501, "s%d")+"}\n    signals: "+one, "a.yml:4: watch has 501 entries, and may have 500 [too-large]")
}

// TestNamesInRules writes names that look like others.
func TestNamesInRules(t *testing.T) {
	const end = "\n    signals: [{name: s, query: up}]"
	f := func(text, want string) {
		t.Helper()
		if got := firstFound(text, World{}); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
	f("team: корзина\nrules:\n  - name: a\n    watch: {service: \"größe-*\"}"+end, "")
	f("team: sh\u043ep\nrules:\n  - name: a\n    watch: {service: x}"+end, "a.yml:1: the team's name holds letters of another alphabet")
	f("team: \"shop\\u200b\"\nrules:\n  - name: a\n    watch: {service: x}"+end, "a.yml:1: the team's name holds a character that nobody sees")
	f("team: shop\nrules:\n  - name: a\n    watch: {service: \"c\u0430rt*\"}"+end, "a.yml:4: what this pattern matches holds letters")
	f("team: shop\nrules:\n  - name: a\n    watch: {service: x, except: [\"a\\u2060\"]}"+end, "a.yml:4: what this pattern matches holds a character")
	f("team: shop\nrules:\n  - name: a\n    watch: {service: x, labels: {\"t\\u00adier\": a}}"+end, "a.yml:4: the name of this label holds a character")
	f("team: shop\nrules:\n  - name: \u0430\n    watch: {service: x}"+end, "a.yml:3: a rule's name is letters")
	f("team: shop # \u202e\nrules: []", "a.yml:1: the file holds a character that turns the direction")
}

// TestHeirsAreBounded extends a rule of half a megabyte more often than the folder may hold.
func TestHeirsAreBounded(t *testing.T) {
	folder := func(heirs int) fstest.MapFS {
		var base, all strings.Builder
		base.WriteString("team: t\nrules: [{name: base, watch: {service: x}, signals: [")
		for i := range 100 {
			fmt.Fprintf(&base, "{name: s%d, query: 'up{a=\"%s\"}'}, ", i, strings.Repeat("x", 5000))
		}
		base.WriteString("]}]")
		all.WriteString("team: t\nrules:\n")
		for i := range heirs {
			fmt.Fprintf(&all, "  - {name: h%d, extends: base, watch: {service: x}}\n", i)
		}
		return fstest.MapFS{"base.yml": {Data: []byte(base.String())}, "heirs.yml": {Data: []byte(all.String())}}
	}
	if set, found := Load(folder(5), World{}); len(found) > 0 || set.Len() != 6 {
		t.Error(found)
	}
	if _, found := Load(folder(9000), World{}); len(found) != 1 || !strings.Contains(found[0].String(), "with what they inherit, hold more than 32 MiB") {
		t.Error(found)
	}
}

// TestMistakesAreBounded loads many bad files.
func TestMistakesAreBounded(t *testing.T) {
	bad := fstest.MapFS{}
	for i := range 200 {
		bad[fmt.Sprintf("f%d.yml", i)] = &fstest.MapFile{Data: []byte(strings.Repeat("x: y\n", 500))}
	}
	if _, found := Load(bad, World{}); len(found) < maxFound || len(found) > maxFound+200 {
		t.Errorf("%d mistakes", len(found))
	}
}

// TestOneLargeFileIsEnough has files each of which takes all that one may: after the first the
// others are not decoded.
func TestOneLargeFileIsEnough(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 12 {
		files[fmt.Sprintf("f%02d.yml", i)] = &fstest.MapFile{Data: []byte("team: t\nrules: [" + strings.Repeat("{},", 300_000) + "]")}
	}
	_, found := Load(files, World{})
	if len(found) != 1 || found[0].File != "f00.yml" || found[0].Code != strictyaml.TooLarge {
		t.Error(found)
	}
}

// TestLoadingCanBeStopped stops at each place at which Load asks.
func TestLoadingCanBeStopped(t *testing.T) {
	files := fstest.MapFS{
		"a.yml": {Data: []byte("{team: t, rules: [{name: a, watch: {service: x}, signals: [{name: a, query: up}, {name: b, query: up}]}]}")},
		"b.yml": {Data: []byte("{team: t, rules: [{name: b, extends: a, watch: {service: y}}]}")},
	}
	asked := 0
	if _, found := Load(files, World{Stop: func() error { asked++; return nil }}); len(found) > 0 || asked < 8 {
		t.Fatalf("asked %d times: %v", asked, found)
	}
	for last := range asked {
		n := 0
		set, found := Load(files, World{Stop: func() error {
			if n++; n > last {
				return errors.New("enough")
			}
			return nil
		}})
		if set != nil || len(found) != 1 || found[0].String() != ".:1:1: cannot be read: enough [unreadable-file]" || n != last+1 {
			t.Errorf("stopped after %d: %v, asked %d times", last, found, n)
		}
	}
}
