package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// What building an adapter finds wrong stands at the key that the error begins with.
func TestMistakesHaveAPlace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pushback.yml")
	text := "metrics: {prod: {kind: natural}}\nhooks:\n  k:\n    kind: natural\n    url: x\n"
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "rules"), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
	type settings struct {
		URL string `yaml:"url"`
	}
	kind := map[string]func() any{"natural": func() any { return new(settings) }}
	c, found := Load(path, Kinds{Metrics: kind, Hooks: kind, Grafana: func() any { return new(settings) }})
	if len(found) > 0 {
		t.Fatal(found)
	}
	f := func(err error, places ...string) {
		t.Helper()
		got := c.Mistakes("hooks.k", err)
		if len(got) != len(places) {
			t.Fatalf("%v: %d mistakes, want %d", err, len(got), len(places))
		}
		for i, m := range got {
			if place := fmt.Sprintf("%d:%d", m.Line, m.Column); place != places[i] {
				t.Errorf("%v stands at %s, want %s", m, place, places[i])
			}
		}
	}
	url, name := "5:10", "3:3"
	f(errors.New("url is missing"), url)
	f(errors.New("the url cannot be read"), url)
	f(errors.New("something else"), name)
	f(errors.Join(errors.New("url is missing"), errors.New("timeout is negative")), url, name)
	f(fmt.Errorf("url: %w: %w", errors.New("a"), errors.New("b")), url)

	// What follows from a mistake that Load has found is not shown.
	c.wrong = []string{"hooks.k.url[0]"}
	f(errors.New("url is missing"))
	f(errors.New("something else"))
	c.wrong = []string{"hooks.kk", "hooks.k.timeout"}
	f(errors.New("url is missing"), url)
}
