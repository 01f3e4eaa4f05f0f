package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/proof/docblocks"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// TestMappingsOfTheDocs reads every recipe of docs/mapping.md: a source, a payload, and the
// events that come of it.
func TestMappingsOfTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := docblocks.Parse(string(page))
	if err != nil {
		t.Fatal(err)
	}
	recipes := 0
	for i, b := range blocks {
		if b.Language != "yaml" {
			continue
		}
		dir := recipeFolder(t, b.Text)
		c, mistakes := daemon.Adapters().Check(filepath.Join(dir, "pushback.yml"))
		if len(mistakes) > 0 {
			t.Errorf("line %d: %v", b.Line, mistakes)
			continue
		}
		if i+2 >= len(blocks) || blocks[i+1].Language != "json" {
			continue
		}
		recipes++
		for name := range c.Sources {
			built, _ := daemon.Adapters().Source(c, name, func(string) changes.Options { return changes.Options{} }, slog.New(slog.DiscardHandler))
			checkRecipe(t, blocks[i+1], built.(changes.Source), blocks[i+2].Text)
		}
	}
	if recipes != 6 {
		t.Errorf("%d recipes were read, want 6", recipes)
	}
}

var namedFile = regexp.MustCompile(`secrets/[a-z.]+|ca\.pem`)

// recipeFolder is a folder with a source of the page, and the files that it names.
func recipeFolder(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"pushback.yml": "allow_empty_rules: true\nmetrics: {local: {kind: embedded}}\n" + text, "rules/empty.yml": ""}
	for _, name := range namedFile.FindAllString(text, -1) {
		files[name] = "a-secret-of-some-length-17\n"
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// checkRecipe compares what comes of a payload with what the page says.
func checkRecipe(t *testing.T, payload docblocks.Block, s changes.Source, want string) {
	t.Helper()
	events, err := s.Parse(nil, []byte(payload.Text))
	if err != nil {
		t.Errorf("line %d: %v", payload.Line, err)
		return
	}
	var got strings.Builder
	for _, e := range events {
		a, err := sources.Admit(e, nil, e.At)
		if err != nil {
			t.Errorf("line %d: %v", payload.Line, err)
			continue
		}
		got.WriteString(recipeLine(a.Event()) + "\n")
	}
	if got.String() != want {
		t.Errorf("line %d gives\n%swant\n%s", payload.Line, got.String(), want)
	}
}

// recipeLine is an event as the page writes it.
func recipeLine(e sources.Event) string {
	line := fmt.Sprintf("service=%s version=%s environment=%s status=%s change_id=%s at=%s", e.Service, e.Version, e.Environment, e.Status, e.ChangeID, e.At.Format(time.RFC3339))
	for _, f := range []eventField{{"previous", e.Previous}, {"actor", e.Actor}} {
		if f.value != "" {
			line += " " + f.name + "=" + f.value
		}
	}
	if e.Kind != sources.Deploy {
		line += fmt.Sprintf(" kind=%s group=%s", e.Kind, e.Group)
	}
	return line
}
