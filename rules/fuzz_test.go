package rules

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// seeds adds every fixture, good and bad.
func seeds(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yml", "testdata/good/*/*.yaml", "testdata/bad/*.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal("no seeds in", pattern)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data))
		}
	}
}

// FuzzLoad checks that no file causes a panic, a diagnostic outside the file, or a rule
// that cannot be stored or gives invalid queries.
func FuzzLoad(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		set, found := Load(fstest.MapFS{"f.yml": {Data: []byte(text)}}, testWorld)
		lines := 1 + strings.Count(text, "\n")
		for _, d := range found {
			if d.Line < 1 || d.Line > lines+1 || d.Column < 1 || d.Code == "" || d.Message == "" || !utf8.ValidString(d.Message) {
				t.Errorf("%q: %+v", text, d)
			}
		}
		if (set == nil) != (len(found) > 0) {
			t.Fatalf("set %v with %d diagnostics", set, len(found))
		}
		if set == nil {
			return
		}
		for _, r := range set.Rules() {
			checkLoaded(t, r)
		}
	})
}

// checkLoaded checks a rule that was loaded: its stored text, its plan and its queries.
func checkLoaded(t *testing.T, r Rule) {
	t.Helper()
	again, found := Parse(r.Text, testWorld)
	if len(found) > 0 || again.Hash != r.Hash || again.Text != r.Text {
		t.Fatalf("%v\n%s\nis not what was stored:\n%s", found, again.Text, r.Text)
	}
	b := Bind(r, sources.Change{Environment: `"e`, Version: "v("}, Service{Name: "s\\", Match: map[string]string{"a b": "c\n"}})
	p := b.Plan(Resolved{})
	inputs, err := b.Inputs(Resolved{})
	if err != nil || len(inputs) != len(p.Signals) {
		t.Fatalf("%s: %d inputs of %d signals, %v", r.Text, len(inputs), len(p.Signals), err)
	}
	for i, in := range inputs {
		if in.Signal != p.Signals[i].Name || in.Value.Step <= 0 || p.Tick <= 0 || p.After < 1 {
			t.Fatalf("%s: %+v", r.Text, in)
		}
		if _, err := promql.Parse(in.Value.Expr); err != nil && r.Language.Selectors() {
			t.Fatal(err)
		}
	}
	if _, err := b.Probes(0, nil); err != nil {
		t.Fatal(err)
	}
}

func FuzzAmount(f *testing.F) {
	for _, s := range []string{"0.5 points", "10%", "20ms", "1", "-1", "1e9", "", "%", ". points", "9999999999999d", "1_0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var a amount
		if a.UnmarshalText([]byte(s)) == nil && !(a.value >= 0 && a.value < 1e300) {
			t.Errorf("%q gives %v", s, a.value)
		}
	})
}

func FuzzFrequency(f *testing.F) {
	for _, s := range []string{"1/week", "0.5 / quarter", "-1/day", "NaN/week", "1e999/year", "0x1p-1074/year", "/", "1/", "1/week/week", "1_0/day", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var often, again frequency
		if often.UnmarshalText([]byte(s)) != nil {
			return
		}
		if math.IsNaN(often.perSecond) || math.IsInf(often.perSecond, 0) {
			t.Errorf("%q gives %v", s, often.perSecond)
		}
		text, err := often.MarshalText()
		if err != nil || again.UnmarshalText(text) != nil || again != often {
			t.Errorf("%q is written as %q and read as %v", s, text, again)
		}
	})
}

func TestHostileFilesAreRefusedCheaply(t *testing.T) {
	bomb := "team: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'i'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 10))
	}
	deep := "team: a\nrules: [{name: x, scope: site, signals: [{name: q, query: '%s'}], respond: [{at_least: likely, tell: a, when: '%s'}]}]"
	for name, text := range map[string]string{
		"alias bomb":     bomb + "rules: *i",
		"20k levels":     "team: a\nrules: " + strings.Repeat("[", 20_000),
		"100 MB":         strings.Repeat("# comment\n", 10<<20),
		"invalid UTF-8":  "team: \xff",
		"tabs":           "team: a\nrules:\n\t\t- name: x",
		"duplicate keys": "team: a\n" + strings.Repeat("rules: []\n", 2_000),
		"unknown keys":   strings.Repeat("a: 1\n", 2_000),
		"deep PromQL":    fmt.Sprintf(deep, strings.Repeat("(", 20_000), "true"),
		"deep condition": fmt.Sprintf(deep, "up", strings.Repeat("(", 20_000)),
	} {
		fsys := fstest.MapFS{"f.yml": {Data: []byte(text)}}
		var found []Diagnostic
		bytes := cost(func() { _, found = Load(fsys, World{}) })
		t.Logf("%s: %d KiB", name, bytes>>10)
		if len(found) == 0 || len(found) > strictyaml.MaxProblems || found[0].Line < 1 || bytes > small {
			t.Errorf("%s: %d diagnostics for %d KiB", name, len(found), bytes>>10)
		}
	}
}
