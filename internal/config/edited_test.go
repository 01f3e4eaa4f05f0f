package config

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestEdited: what has changed since a configuration was read is known, by key; comments
// change nothing.
func TestEdited(t *testing.T) {
	folder := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const first = "metrics: {m: {kind: csv}}\nservices: {file: services.yml}\ntrust: {cap: ask}\n"
	put("services.yml", "- name: cart\n")
	path := put("pushback.yml", first)
	c, found := Load(path, kinds)
	if len(c.Services.List) != 1 {
		t.Fatalf("services %v, mistakes %v", c.Services.List, found)
	}
	if c.Edited() != nil {
		t.Error("nothing was edited yet")
	}
	f := func(want []string, name, text string) {
		t.Helper()
		put(name, text)
		now, _ := Load(path, kinds)
		if c.Edited() == nil || now.Edited() != nil {
			t.Errorf("%s: edited %x, then %x", name, c.Edited(), now.Edited())
		}
		if got := c.Differences(now); !slices.Equal(got, want) {
			t.Errorf("%q in %s: %v, want %v", text, name, got, want)
		}
	}
	f(nil, "pushback.yml", first+"# a comment\n")
	f([]string{"guards", "trust"}, "pushback.yml", "metrics: {m: {kind: csv}}\nservices: {file: services.yml}\ntrust: {cap: act}\nguards: {max_per_hour: 3}\n")
	put("pushback.yml", first)
	f([]string{"services"}, "services.yml", "services: [{name: cart, chat: team}]\n")
}

// TestServicesFile: a file of services holds a list, alone or under a key, and its mistakes
// have their places.
func TestServicesFile(t *testing.T) {
	f := func(text string, names []string, place string) {
		t.Helper()
		folder := t.TempDir()
		path := filepath.Join(folder, "pushback.yml")
		if err := os.WriteFile(path, []byte("metrics: {m: {kind: csv}}\nservices: {file: services.yml}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "services.yml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, found := Load(path, kinds)
		var got []string
		for _, s := range c.Services.List {
			got = append(got, s.Name)
		}
		found = slices.DeleteFunc(found, func(d Diagnostic) bool { return filepath.Base(d.File) != "services.yml" })
		if !slices.Equal(got, names) || (len(found) > 0) != (place != "") || place != "" && place != found[0].place() {
			t.Errorf("%q: services %q, mistakes %v; want %q and a mistake at %q", text, got, found, names, place)
		}
	}
	f("- name: cart\n- {name: search, depends_on: [cart]}\n", []string{"cart", "search"}, "")
	f("services:\n  - name: cart\n", []string{"cart"}, "")
	f("[]\n", nil, "")
	f("- name: cart\n  hook: nobody\n", []string{"cart"}, "2:9")
	f("- nam: cart\n", []string{""}, "1:3")
	f("cart\n", nil, "1:1")
}

func (d Diagnostic) place() string { return d.String()[len(d.File)+1:][:3] }
