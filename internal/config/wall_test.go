package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wallOf loads a pushback.yml with a wall.
func wallOf(t *testing.T, text string) (Config, Diagnostics) {
	t.Helper()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "pushback.yml")
	if err := os.WriteFile(path, []byte("metrics: {prod: {kind: prometheus, url: http://127.0.0.1}}\nwall:\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, kinds)
}

func TestWallOfMainSignals(t *testing.T) {
	c, found := wallOf(t, "  - {name: Orders, query: 'sum(orders)', unit: orders/s, store: prod}\n  - {name: Errors, query: x}\n")
	if len(found) != 0 || len(c.Wall) != 2 || c.Wall[0].Unit != "orders/s" || c.Wall[1].Store != "" {
		t.Errorf("%+v, %v", c.Wall, found)
	}
	f := func(text, want string) {
		t.Helper()
		_, found := wallOf(t, text)
		if len(found) != 1 || !strings.Contains(found[0].Message, want) {
			t.Errorf("%s: %v, want %q", text, found, want)
		}
	}
	f("  - {query: x}\n", "has no name")
	f("  - {name: x}\n", "has no query")
	f("  - {name: x, query: y, store: nowhere}\n", `no metric store "nowhere"`)
	f("  - {name: x, query: y}\n  - {name: x, query: z}\n", `two signals are called "x"`)
	f("  - {name: "+strings.Repeat("x", 61)+", query: y}\n", "61 characters")
	f("  - {name: x, query: y, color: red}\n", "color")
	f(strings.Repeat("  - {name: x, query: y}\n", 9), "at most 8")
}
