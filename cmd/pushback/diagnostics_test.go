package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/ruletest"
	"github.com/pushback/pushback/rules"
)

// TestDiagnosticsAndPages checks that every code has a page, and that every page is
// about a code that exists.
func TestDiagnosticsAndPages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "diagnostics", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".md"); name != "README" {
			pages = append(pages, name)
		}
	}
	codes := slices.Concat(rules.Codes(), config.Codes(), ruletest.Codes())
	slices.Sort(codes)
	slices.Sort(pages)
	if diff := cmp.Diff(slices.Compact(codes), pages); diff != "" {
		t.Errorf("codes and pages (-codes +pages):\n%s", diff)
	}
}
