package sources

import (
	"strings"
	"testing"
)

func TestSlotsByGroup(t *testing.T) {
	f := func(name string, kind Kind, one, other string, same, oneThing bool) {
		t.Helper()
		a, b := Begin(reported(Succeeded, 0)), Begin(reported(Succeeded, 1))
		a.Kind, b.Kind, a.Group, b.Group = kind, kind, one, other
		e := reported(Succeeded, 0)
		e.Kind, e.Group = kind, one
		if got := a.Slot() == b.Slot(); got != same || (a.Key() == b.Key()) != same || e.Slot() != a.Slot() {
			t.Errorf("%s: one slot %v, one key %v; want %v", name, got, a.Key() == b.Key(), same)
		}
		if got := b.Slot().HoldsOneThing(); got != oneThing {
			t.Errorf("%s: holds one thing: %v", name, got)
		}
	}
	f("two flags", Flag, "a", "e", false, true)
	f("a flag and one without a name", Flag, "a", "", false, false)
	f("two flags without a name", Flag, "", "", true, false)
	f("two experiments", Experiment, "a", "e", false, true)
	f("two config keys", Config, "a", "e", false, true)
	f("all of the configuration", Config, "", "", true, true)
	f("deploys of two trains", Deploy, "a", "e", true, true)
}

// TestKeysStay: changes are found by the keys that they were stored with.
func TestKeysStay(t *testing.T) {
	c := Begin(reported(Succeeded, 0))
	if got := c.Key(); got != "cwpzqij6qxd74nnbrej5o5vn2k" {
		t.Errorf("the key of a deploy is now %s", got)
	}
	c.Kind, c.Group, c.FormerKey = Flag, "a", "old"
	if c.Key() != "old" {
		t.Errorf("the key is %s", c.Key())
	}
}

func TestWhat(t *testing.T) {
	f := func(kind Kind, group, version, want string) {
		t.Helper()
		if got := (Change{Kind: kind, Group: group, Version: version}).What(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(Deploy, "train-7", "v42", "v42")
	f("", "", "v42", "v42")
	f(Flag, "new-cart", "50%", "flag new-cart 50%")
	f(Flag, "", "50%", "flag 50%")
	f(Config, "timeout", "", "config timeout")
}

func TestIsKey(t *testing.T) {
	key := Begin(reported(Succeeded, 0)).Key()
	for text, want := range map[string]bool{
		key: true, key[:25]: false, key + "a": false, strings.ToUpper(key): false, "": false, "01arz3ndektsv4rrffq69g5fav": false,
		"2021-11-28T21:53:00.000000": false, strings.Repeat("é", 13): false,
	} {
		if IsKey(text) != want {
			t.Errorf("IsKey(%q) is %v", text, !want)
		}
	}
}

// TestKeysFrom finds every key by its beginning, whatever order of text a database has.
func TestKeysFrom(t *testing.T) {
	key := Key(Slot{Service: "cart", Environment: "production", Kind: Deploy}, "v1")
	for n := range len(key) + 1 {
		first, last, ok := KeysFrom(key[:n])
		if !ok || first > key || key > last || !IsKey(first) || !IsKey(last) || !strings.HasPrefix(first+last, key[:n]) {
			t.Errorf("%q: from %q to %q, %v", key[:n], first, last, ok)
		}
	}
	for _, prefix := range []string{key + "a", "cart-1", "CART", "v1.2", "abc189", "ab%"} {
		if first, last, ok := KeysFrom(prefix); ok {
			t.Errorf("%q: from %q to %q, but no key begins so", prefix, first, last)
		}
	}
}
