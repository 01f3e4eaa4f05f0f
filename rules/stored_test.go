package rules

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// everyKey is a set of two rules: base writes every key, heir extends it.
func everyKey(t *testing.T) (base, heir Rule) { return twoRules(t, "every_key.yml") }

func twoRules(t *testing.T, file string) (base, heir Rule) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	set, found := Load(fstest.MapFS{"rules.yml": {Data: data}}, testWorld)
	if len(found) > 0 {
		t.Fatal(found)
	}
	return set.Rules()[0], set.Rules()[1]
}

// TestStoredTextAndHashStay compares with what earlier versions stored: watches
// keep the text, and what a rule has earned belongs to its hash.
func TestStoredTextAndHashStay(t *testing.T) {
	base, heir := twoRules(t, "stored_keys.yml")
	f := func(r Rule, file, hash string) {
		want, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), r.Text); diff != "" {
			t.Errorf("%s: the text changed (-stored +now):\n%s", r.Name, diff)
		}
		if r.Hash != hash {
			t.Errorf("%s: hash %s, stored is %s", r.Name, r.Hash, hash)
		}
	}
	f(base, "stored_base.yml", "a87e59786120f8c6d612c701568e5db7")
	f(heir, "stored_heir.yml", "8e568c682040bd5fb7fdcb3f859f78cd")
}
