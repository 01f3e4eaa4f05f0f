package rules

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pushback/pushback/rollback"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// blocks are the YAML examples of a page of the documentation.
func blocks(t *testing.T, file string) []string {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range yamlBlock.FindAllStringSubmatch(string(page), -1) {
		all = append(all, m[1])
	}
	return all
}

func load(text string) []Diagnostic {
	w := testWorld
	w.Hooks, w.Bindings = append([]string{"payments-argo"}, w.Hooks...), map[string]rollback.Binding{"payments-argo": {Teams: []string{"payments"}}}
	_, found := Load(fstest.MapFS{"rules.yml": {Data: []byte(text)}}, w)
	return found
}

// TestEveryCodeHasItsPage checks that the first example of each page has the mistake
// and the second one loads.
func TestEveryCodeHasItsPage(t *testing.T) {
	seen := map[string]bool{}
	for _, code := range Codes() {
		if seen[code] {
			t.Errorf("%s stands twice among the codes", code)
		}
		seen[code] = true
		examples := blocks(t, "../docs/diagnostics/"+code+".md")
		if len(examples) == 0 {
			continue // what no YAML can show: an unreadable file
		}
		if len(examples) != 2 {
			t.Errorf("%s: %d examples", code, len(examples))
			continue
		}
		found := load(examples[0])
		if len(found) == 0 || found[0].Code != code {
			t.Errorf("%s: the wrong example gives %v", code, found)
		}
		if found := load(examples[1]); len(found) > 0 {
			t.Errorf("%s: the right example gives %v", code, found)
		}
	}
}

// TestTheLibraryPage loads every example of the page.
func TestTheLibraryPage(t *testing.T) {
	for _, text := range blocks(t, "../docs/library.md") {
		if found := load(text); len(found) > 0 {
			t.Errorf("%s\n%v", text, found)
		}
	}
}

// TestTheRuleLanguagePage loads every whole document of the page, and every
// fragment within a minimal rule.
func TestTheRuleLanguagePage(t *testing.T) {
	examples := blocks(t, "../docs/rules.md")
	if len(examples) < 5 {
		t.Fatal("the page has lost its examples")
	}
	for _, text := range examples {
		if !strings.HasPrefix(text, "team:") {
			text = "team: shop\nrules:\n  - name: red\n    watch: {service: \"*\"}\n" + text
			if !strings.Contains(text, "signals:") {
				text += "    signals: [{name: up, query: up}]\n"
			}
		}
		if found := load(text); len(found) > 0 {
			t.Errorf("%s\n%v", text, found)
		}
	}
}
