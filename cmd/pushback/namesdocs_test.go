package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/daemon"
)

// TestNamesPageLoads checks every part of a pushback.yml on docs/names.md as the daemon does.
func TestNamesPageLoads(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "names.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	if len(blocks) != 4 {
		t.Fatalf("%d blocks of YAML, want 4", len(blocks))
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if !strings.Contains(text, "sources:") {
			text += "sources: {github: {kind: generic, insecure: true}, argocd: {kind: generic, insecure: true}}\n"
		}
		dir := t.TempDir()
		for name, content := range map[string]string{
			"pushback.yml": "allow_empty_rules: true\nmetrics: {prod: {kind: prometheus, url: \"http://127.0.0.1:9090\"}}\n" + text,
			"aliases.csv":  "alias,service\nacme/shop-frontend,web\n", "secrets/github": "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3", "rules/README": "",
		} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, mistakes := daemon.Adapters().Check(filepath.Join(dir, "pushback.yml")); len(mistakes) > 0 {
			t.Errorf("%v\n%s", mistakes, text)
		}
	}
}
