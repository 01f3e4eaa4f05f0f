package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// namedBlock matches a fenced block of YAML with the name of its file.
var namedBlock = regexp.MustCompile("(?s)```yaml ([a-z./]+)\n(.*?)```")

// TestProbesPageLoads writes the files of docs/probes.md, one after another, and loads them as
// serve does whenever both are there. The commands of the page are parsed.
func TestProbesPageLoads(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "probes.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("token", "correct-horse-battery-staple\n")
	shown := 0
	for _, found := range namedBlock.FindAllStringSubmatch(string(page), -1) {
		name := found[1]
		if strings.HasPrefix(name, "rules/") {
			name = "rules/only.yml" // in place of the one shown before
		}
		write(name, found[2])
		if shown++; shown > 1 {
			checkRules(t, loadClean(t, filepath.Join(dir, "pushback.yml")))
		}
	}
	if shown != 4 {
		t.Errorf("the page shows %d files, want 4", shown)
	}
	for _, line := range regexp.MustCompile(`(?m)^pushback (.*)$`).FindAllStringSubmatch(string(page), -1) {
		args := strings.Fields(line[1])
		if code := run(t.Context(), append(args, "--help"), new(strings.Builder), new(strings.Builder)); code != 0 {
			t.Errorf("%s: exit code %d", line[0], code)
		}
	}
}
