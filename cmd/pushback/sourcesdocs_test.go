package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/proof/docblocks"
)

// TestSourcesPageLoads builds every source that docs/sources.md shows, and checks that each kind in its
// table has a section with one.
func TestSourcesPageLoads(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "sources.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := docblocks.Parse(string(page))
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{"generic"} // described in docs/api.md
	for _, b := range blocks {
		var settings struct {
			Sources map[string]struct {
				Kind string `yaml:"kind"`
			} `yaml:"sources"`
		}
		if _, skip := b.Markers[docblocks.NotRun]; b.Language != "yaml" || skip {
			continue
		}
		if err := yaml.Unmarshal([]byte(b.Text), &settings); err != nil {
			t.Fatalf("line %d: %v", b.Line, err)
		}
		for _, source := range settings.Sources {
			shown = append(shown, source.Kind)
		}
		checkSources(t, b)
	}
	rows := regexp.MustCompile(`(?m)^\| .*? \| ([a-z, ]+) \| .*? \| .*? \| .*? \|$`).FindAllStringSubmatch(string(page), -1)
	if len(rows) < 10 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		words := strings.FieldsFunc(row[1], func(r rune) bool { return r == ' ' || r == ',' })
		if kind := words[len(words)-1]; kind != "kind" && !slices.Contains(shown, kind) {
			t.Errorf("no section shows a source of kind %s", kind)
		}
	}
}

// checkSources checks a block as a part of a pushback.yml.
func checkSources(t *testing.T, b docblocks.Block) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"secret": "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3", "rules/none.yml": "",
		"pushback.yml": "allow_empty_rules: true\nmetrics: {m: {kind: embedded}}\n" + b.Text,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, mistakes := daemon.Adapters().Check(filepath.Join(dir, "pushback.yml")); len(mistakes) > 0 {
		t.Errorf("line %d: %v", b.Line, mistakes)
	}
}
