package rules

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/csv"
	"github.com/pushback/pushback/sources/metrics/promql"
)

var update = flag.Bool("update", false, "write the golden files anew")

// testWorld is a world with a few names of each kind.
var testWorld = World{
	Hooks:     []string{"argo", "noop"},
	Receivers: []string{"platform-chat", "chat"},
	Freezes:   []string{"friday", "christmas"},
	Stores:    map[string]sources.Language{"main": promql.Language{}, "files": csv.Language{}},
	Default:   "main",
}

func mustLoad(t testing.TB, text string) *Set {
	t.Helper()
	set, found := Load(fstest.MapFS{"rules.yml": {Data: []byte(text)}}, World{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	return set
}

func TestGoodRulesLoad(t *testing.T) {
	set, found := Load(os.DirFS("testdata/good"), testWorld)
	if len(found) > 0 {
		t.Fatal(found)
	}
	var names []string
	for _, r := range set.Rules() {
		names = append(names, r.File+":"+r.Name)
	}
	want := []string{"platform.yml:red", "platform.yml:orders", "team/search.yaml:search.slow-path"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestBadRulesAreExplained(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad rules to load", err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		set, found := Load(fstest.MapFS{name: {Data: source}}, testWorld)
		if set != nil || len(found) == 0 {
			t.Errorf("%s was accepted", file)
		}
		golden(t, strings.TrimSuffix(file, ".yml")+".golden", found)
	}
}

func golden(t *testing.T, file string, found []Diagnostic) {
	t.Helper()
	var got bytes.Buffer
	for _, d := range found {
		if err := d.Render(&got, false); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s: %s", file, diff)
	}
}

func TestAllMistakesOfAFolderAreReportedAtOnce(t *testing.T) {
	good := "team: t\nrules: [{name: same, watch: {service: a}, signals: [{name: x, query: up}]}]"
	set, found := Load(fstest.MapFS{
		"b.yml":           {Data: []byte(good)},
		"a/deep.yaml":     {Data: []byte(good)},
		"c.yml":           {Data: []byte("team: 1")},
		".hidden/x.yml":   {Data: []byte("nonsense")},
		"..data/x.yml":    {Data: []byte("nonsense")},
		"notes.txt":       {Data: []byte("nonsense")},
		"d.yml/inner.yml": {Data: []byte("oops: 1")},
	}, World{})
	var got []string
	for _, d := range found {
		got = append(got, d.String())
	}
	want := []string{
		`b.yml:2:16: a rule is already called "same" (the other one is at a/deep.yaml:2) [duplicate-rule]`,
		`c.yml:1:1: the key "rules" is missing [missing-field]`,
		`c.yml:1:7: expected text, found a number (put quotes around it) [unquoted-text]`,
		`d.yml/inner.yml:1:1: unknown key "oops" (known keys: defaults, rules, team) [unknown-key]`,
		`d.yml/inner.yml:1:1: the key "rules" is missing [missing-field]`,
		`d.yml/inner.yml:1:1: the key "team" is missing (write team: NAME, with the team that owns these rules) [missing-field]`,
	}
	if diff := cmp.Diff(want, got); diff != "" || set != nil {
		t.Error(diff)
	}
}

func TestAFolderThatIsNotThere(t *testing.T) {
	set, found := Load(os.DirFS(filepath.Join(t.TempDir(), "gone")), World{})
	if set != nil || len(found) != 1 || found[0].Code != codeUnreadable {
		t.Errorf("got %v", found)
	}
}

func TestANilWorldRefusesNoName(t *testing.T) {
	set := mustLoad(t, `{team: t, rules: [{name: x, watch: {service: a}, store: any, signals: [{name: x, query: up}],
		respond: [{at_least: likely, tell: anyone, when: freeze("any"), rollback: {hook: any}}]}]}`)
	if set.Len() != 1 {
		t.Error("rule lost")
	}
}

func TestStoredTextGivesTheSameRule(t *testing.T) {
	set, found := Load(os.DirFS("testdata/good"), testWorld)
	if len(found) > 0 {
		t.Fatal(found)
	}
	for _, r := range set.Rules() {
		again, found := Parse(r.Text, World{Hooks: []string{}, Receivers: []string{}, Freezes: []string{}})
		if len(found) > 0 {
			t.Errorf("%s: %v", r.Name, found)
		}
		r.File, r.Line = again.File, again.Line
		for i := range r.Signals {
			r.Signals[i].Line = 0 // the text has other lines
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Errorf("%s: %s", r.Name, diff)
		}
	}
}

func TestParseWantsOneRule(t *testing.T) {
	for _, text := range []string{"", "{team: t, rules: [{name: a, scope: site, signals: [{name: x, query: up}]}, {name: b, scope: site, signals: [{name: x, query: up}]}]}"} {
		if _, found := Parse(text, World{}); len(found) != 1 || found[0].Code != codeOneRule {
			t.Errorf("%q: %v", text, found)
		}
	}
}

func TestHashIsOfWhatJudges(t *testing.T) {
	base := `{team: t, rules: [{name: a, watch: {service: x}, bake: 30m, signals: [{name: x, query: up}], respond: [{at_least: likely, tell: a}]}]}`
	hash := func(old, replacement string) string {
		return mustLoad(t, strings.Replace(base, old, replacement, 1)).Rules()[0].Hash
	}
	same := func(old, replacement string, want bool) {
		t.Helper()
		if got := hash(old, replacement) == hash("", ""); got != want {
			t.Errorf("%s → %s: same hash %v", old, replacement, got)
		}
	}
	same("tell: a", "tell: b", true)
	same("team: t", "team: u", true)
	same("bake: 30m, ", "", true) // the default
	same("bake: 30m", "bake: 31m", false)
	same("query: up", "query: down", false)
	same("service: x", "service: '*'", false)
	same("bake: 30m", "overrides: [{service: x, set: {x.limit: 3}}]", false)
}
