package changes

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pushback/pushback/sources"
)

func compiled(t testing.TB, p Paths) PathMap {
	t.Helper()
	m, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var shop = Paths{
	"services/cart/**": {"cart"}, "services/*/go.mod": {"builds"}, "libs/**": {"cart", "search"}, "**/README.md": {},
	"docs/**": {}, "deploy.yml": {"cart", "search"}, "db/?.sql": {"db"}, "a.b": {"dots"},
}

func TestDivide(t *testing.T) {
	m := compiled(t, shop)
	f := func(name string, paths []string, byPath bool, want ...string) {
		t.Helper()
		e := event("mono", "production", sources.Started)
		e.Paths = paths
		parts, by, err := m.Divide(e)
		var got []string
		for _, part := range parts {
			got = append(got, part.Service)
		}
		if err != nil || by != byPath || !slices.Equal(got, want) {
			t.Errorf("%s: %v, by path %v, %v; want %v", name, got, by, err, want)
		}
	}
	f("no paths", nil, false, "mono")
	f("one", []string{"services/cart/main.go"}, true, "cart")
	f("deep", []string{"services/cart/a/b/c.go"}, true, "cart")
	f("two globs", []string{"services/cart/go.mod"}, true, "builds", "cart")
	f("a library", []string{"libs/log/log.go"}, true, "cart", "search")
	f("both at once", []string{"libs/x", "services/cart/y"}, true, "cart", "search")
	f("mapped beside unmapped", []string{"Makefile", "services/cart/y"}, true, "cart")
	f("unmapped", []string{"Makefile"}, false, "mono")
	f("unmapped beside nobody's", []string{"Makefile", "docs/a"}, false, "mono")
	f("nobody's beside mapped", []string{"docs/a", "deploy.yml"}, true, "cart", "search")
	f("one character", []string{"db/1.sql"}, true, "db")
	f("not two", []string{"db/12.sql"}, false, "mono")
	f("a dot is a dot", []string{"axb"}, false, "mono")
	f("a folder is no file", []string{"services/cart"}, false, "mono")
	f("a beginning is no folder", []string{"services/cart2/x"}, false, "mono")
	f("written from here", []string{"./services/cart/x"}, true, "cart")
	f("a line break", []string{"libs/a\nb"}, true, "cart", "search")

	e := event("mono", "production", sources.Started)
	e.Paths = []string{"docs/a", "services/cart/README.md", "README.md"}
	if parts, _, err := m.Divide(e); err != nil || len(parts) != 1 || parts[0].Service != "cart" {
		t.Errorf("a page of a service: %v, %v", parts, err)
	}
	e.Paths = []string{"docs/a", "README.md"}
	if _, _, err := m.Divide(e); !errors.Is(err, ErrIgnored) {
		t.Errorf("nobody's files: %v", err)
	}
	if parts, by, err := PathMap(nil).Divide(e); err != nil || by || len(parts) != 1 {
		t.Errorf("without a map: %v, %v", parts, err)
	}
}

func TestDivideRefuses(t *testing.T) {
	m := compiled(t, shop)
	for _, paths := range [][]string{{""}, {strings.Repeat("a", sources.MaxPath+1)}, slices.Repeat([]string{"a"}, sources.MaxPaths+1)} {
		e := event("mono", "production", sources.Started)
		e.Paths = paths
		if _, _, err := m.Divide(e); !errors.As(err, new(*sources.BadEvent)) {
			t.Errorf("%d paths of %d bytes: %v", len(paths), len(paths[0]), err)
		}
	}
}

// TestIDsOfParts: the events of one delivery differ, are the same at every delivery, and fit.
func TestIDsOfParts(t *testing.T) {
	services := Paths{"**": nil}
	for i := range 20 {
		services["**"] = append(services["**"], fmt.Sprintf("s%d", i))
	}
	m := compiled(t, services)
	rapid.Check(t, func(t *rapid.T) {
		e := event("mono", "production", sources.Started)
		e.EventID, e.Paths = rapid.StringMatching(`[a-z0-9/]{1,200}`).Draw(t, "id"), []string{"a"}
		ids := map[string]bool{}
		first, _, _ := m.Divide(e)
		again, _, _ := m.Divide(e)
		for i, part := range first {
			if part.EventID != again[i].EventID || ids[part.EventID] || len(part.EventID) > sources.MaxName || part.ChangeID != e.ChangeID || part.Paths != nil {
				t.Fatalf("%+v", part)
			}
			ids[part.EventID] = true
		}
	})
}

func TestPathsAreChecked(t *testing.T) {
	f := func(glob, want string, services ...string) {
		t.Helper()
		if err := (Scope{Paths: Paths{glob: services}}).Check(); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "paths: ") {
			t.Errorf("%q: %v, want %q", glob, err, want)
		}
	}
	f("", "1 to 1000 bytes", "cart")
	f("/services/**", "from the root of the repository", "cart")
	f("services/", "folder/**", "cart")
	f("services/cart**", "whole folders", "cart")
	f("services/{a,b}/**", "brackets", "cart")
	f("services/**", "no valid name", "*")
	f("services/**", "no valid name", "")
	f("services/**", "no valid name", "car\x00t")
	many := Paths{}
	for i := range maxGlobs + 1 {
		many[fmt.Sprint(i)] = nil
	}
	if err := many.Check(); err == nil {
		t.Error("too many globs are accepted")
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("services/*/go.mod", "services/cart/go.mod")
	f.Add("**/a?", "b/c/ad")
	f.Fuzz(func(t *testing.T, glob, path string) {
		one, err := compileGlob(glob, nil)
		if err != nil {
			return
		}
		if one.whole.MatchString(path) && !strings.HasPrefix(path, one.prefix) {
			t.Fatalf("%q matches %q, whose beginning is not %q", glob, path, one.prefix)
		}
		if !strings.ContainsAny(glob, "*?") && one.whole.MatchString(path) != (path == glob) {
			t.Fatalf("%q without wildcards and %q", glob, path)
		}
	})
}
