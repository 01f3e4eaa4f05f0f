package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pushback/pushback/sources"
)

// canary stands for the secret in a file that is not what its name says.
const canary = "xoxb7777"

// canaries are ways in which a secret may stand where a word of a rule should.
var canaries = []string{
	canary, `"` + canary + `"`, `'` + canary + ` it''s'`, "$" + canary, "*" + canary, "&" + canary + " [", "!" + canary,
	canary + ": ", "@" + canary, "`" + canary, `"a \"` + canary + `' "`, "up{a=~\"[" + canary + "\"}", "rate(" + canary, "\"" + canary + "' ` \\\" `\"",
	"'up{' + " + canary, "\"change." + canary + " == 1\"", "|\n   " + canary + "(", "9" + canary, "2h" + canary, "9 " + canary, "-" + canary, "[" + canary + ", " + canary + "]",
	"{" + canary + ": " + canary + "}", "library/" + canary,
}

var word = regexp.MustCompile(`[A-Za-z0-9_.$*/%{}"'=~]+`)

// TestDiagnosticsWithoutText puts each canary in place of each word of files, good and bad,
// and as a whole file.
func TestDiagnosticsWithoutText(t *testing.T) {
	names, err := filepath.Glob("testdata/bad/*.yml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	w := World{
		Hooks: []string{"shop"}, Receivers: []string{"chat"}, Freezes: []string{"night"},
		Stores: map[string]sources.Language{}, CheckQuery: func(_, expr string) error {
			if strings.Contains(expr, canary) {
				return fmt.Errorf("unsupported: %s", expr)
			}
			return nil
		},
	}
	seen := map[string]bool{}
	for _, name := range append(names, "testdata/every_key.yml") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range canaries {
			checkNoCanary(t, w, secret, seen)
		}
		places := word.FindAllIndex(text, -1)
		for i, at := range places {
			secret := canaries[i%len(canaries)]
			checkNoCanary(t, w, string(text[:at[0]])+secret+string(text[at[1]:]), seen)
			checkNoCanary(t, w, string(text[:at[0]])+canary+string(text[at[1]:]), seen)
		}
	}
	t.Logf("codes seen: %d", len(seen))
	if len(seen) < 20 {
		t.Errorf("only these mistakes were made: %v", seen)
	}
}

func checkNoCanary(t *testing.T, w World, text string, seen map[string]bool) {
	t.Helper()
	_, found := Load(fstest.MapFS{"a.yml": {Data: []byte(text)}}, w)
	for _, d := range found {
		seen[d.Code] = true
		if out := d.WithoutText(); strings.Contains(fmt.Sprintf("%+v", out), "7777") {
			t.Fatalf("%s says %s\n of %s", d.Code, out, d)
		}
	}
}

func TestDiagnosticsWithoutTextSayWhatIsWrong(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, found := Load(fstest.MapFS{"a.yml": {Data: []byte(text)}}, World{})
		if len(found) == 0 || found[0].WithoutText().String() != want {
			t.Errorf("%q:\n got %s\nwant %s", text, WithoutText(found), want)
		}
	}
	f("xoxb-7777: a", "a.yml:1:1: unknown key … (known keys: defaults, rules, team) [unknown-key]")
	f("{team: a}", "a.yml:1:1: the key \"rules\" is missing [missing-field]")
	f("{team: a, rules: [{name: a, watch: {service: x}, bkae: 1h, signals: [{name: a, query: up}]}]}",
		"a.yml:1:50: unknown key … (did you mean \"bake\"?) [unknown-key]")
	f("{team: a, rules: [{name: a, watch: {service: x}, bake: 1s, signals: [{name: a, query: up}]}]}",
		"a.yml:1:56: this must be from 10s to 1w [out-of-range]")
}
