package sources

import "testing"

func TestBy(t *testing.T) {
	f := func(c Change, name string, want bool) {
		t.Helper()
		if got := c.By([]string{"nobody", name}); got != want {
			t.Errorf("%q, %q by %q: %v", c.Actor, c.Riders, name, got)
		}
	}
	f(Change{Actor: "ada"}, "ada", true)
	f(Change{Actor: "Ada"}, " @ada ", true)
	f(Change{Actor: "@ada"}, "ada", true)
	f(Change{Actor: "adam"}, "ada", false)
	f(Change{Actor: "ada@example.org"}, "ada", false)
	f(Change{Riders: []string{"bob", "Ada Lovelace <ada@example.org>"}}, "ada lovelace", true)
	f(Change{Riders: []string{"bob", "Ada Lovelace <ada@example.org>"}}, "ada@example.org", true)
	f(Change{Riders: []string{"bob", "Ada Lovelace <ada@example.org>"}}, "Ada Lovelace <ada@example.org>", true)
	f(Change{Riders: []string{"bob", "Ada Lovelace <ada@example.org>"}}, "lovelace", false)
	f(Change{Riders: []string{"<>", "<"}}, "", false)
	f(Change{}, "", false)
}

// FuzzBy: whoever is written is found by what is written, and nobody by nothing.
func FuzzBy(f *testing.F) {
	f.Add("Ada <ada@example.org>", "ada")
	f.Fuzz(func(t *testing.T, written, name string) {
		c := Change{Riders: []string{written}}
		if c.By([]string{written}) != (plainName(written) != "") {
			t.Errorf("%q is not found by itself", written)
		}
		if c.By([]string{name}) && plainName(name) == "" {
			t.Errorf("%q is found by %q", written, name)
		}
	})
}
