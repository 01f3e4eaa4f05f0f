package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/telemetry"
)

var (
	symptom = regexp.MustCompile("(?m)^### `(.*)`$")
	metric  = regexp.MustCompile(`pushback_[a-z_]+`)
)

// TestSymptomsAreInTheCode: what docs/troubleshooting.md says that people see is what the program
// writes, word by word, and the metrics that it names exist.
func TestSymptomsAreInTheCode(t *testing.T) {
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	code := sourceText(t, "../..")
	symptoms := symptom.FindAllStringSubmatch(string(page), -1)
	if len(symptoms) < 20 {
		t.Errorf("the page has %d symptoms only", len(symptoms))
	}
	for _, s := range symptoms {
		if !strings.Contains(code, s[1]) {
			t.Errorf("no code writes %q", s[1])
		}
	}
	for _, name := range metric.FindAllString(string(page), -1) {
		name = strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")
		if !slices.ContainsFunc(telemetry.Own, func(m telemetry.Metric) bool { return m.Name == name }) {
			t.Errorf("there is no metric %s", name)
		}
	}
}

// sourceText is all code without its tests and comments.
func sourceText(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for line := range strings.Lines(string(code)) {
			if !strings.HasPrefix(strings.TrimSpace(line), "//") {
				all.WriteString(line)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
