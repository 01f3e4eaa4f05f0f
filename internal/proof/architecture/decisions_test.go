package architecture

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	decisionName   = regexp.MustCompile(`^(\d{4})-[a-z0-9-]+\.md$`)
	decisionStatus = regexp.MustCompile(`(?m)^Date: \d{4}-\d{2}-\d{2}\. Status: (accepted|superseded by adr/\d{4})(; superseded in its parts by adr/\d{4})?\.$`)
	citation       = regexp.MustCompile(`adr/(\d{4})`)
)

// decisions are the pages of docs/adr by number.
func decisions(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(path.Join(root, "docs/adr"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		if m := decisionName.FindStringSubmatch(e.Name()); m != nil {
			all[m[1]] = e.Name()
		} else if e.Name() != "README.md" {
			t.Errorf("docs/adr/%s: name a decision NNNN-what-was-decided.md", e.Name())
		}
	}
	return all
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(path.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every decision has a title with its number, a date, a status, and a place in the index
// under the same title. Numbers are given before the work, so they may have holes.
func TestDecisionsAreNumberedAndListed(t *testing.T) {
	all, index := decisions(t), text(t, "docs/adr/README.md")
	for number, name := range all {
		page, begins := text(t, "docs/adr/"+name), "# "+strings.TrimLeft(number, "0")+". "
		title, numbered := strings.CutPrefix(strings.SplitN(page, "\n", 2)[0], begins)
		if !numbered {
			t.Errorf("%s: the title does not begin with %s", name, begins)
		}
		if !decisionStatus.MatchString(page) {
			t.Errorf("%s: there is no line Date: 2026-01-02. Status: accepted.", name)
		}
		if line := fmt.Sprintf("* [%s](%s) %s\n", number, name, title); !strings.Contains(index, line) {
			t.Errorf("docs/adr/README.md lacks the line %q", line)
		}
	}
}

// Every decision that code cites exists, and code cites every decision that is in force.
func TestCitedDecisionsExist(t *testing.T) {
	all, cited := decisions(t), map[string]bool{}
	for _, f := range allFiles(t) {
		for _, m := range citation.FindAllStringSubmatch(text(t, f.name), -1) {
			if cited[m[1]] = true; all[m[1]] == "" {
				t.Errorf("%s cites adr/%s, which does not exist", f.name, m[1])
			}
		}
	}
	for number, name := range all {
		superseded := strings.Contains(text(t, "docs/adr/"+name), "Status: superseded")
		if !cited[number] && !superseded {
			t.Errorf("no code cites docs/adr/%s: add // See adr/%s. where it is carried out", name, number)
		}
	}
}
