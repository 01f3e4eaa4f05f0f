package engine

import "testing"

// A listener is sent what it wants, and one that does not take its keys delays nobody.
func TestListenersAreSentWhatTheyWant(t *testing.T) {
	l := newListeners()
	all, endAll := l.add(func(string, bool) bool { return true })
	moves, endMoves := l.add(func(_ string, look bool) bool { return !look })
	one, endOne := l.add(func(key string, _ bool) bool { return key == "b" })
	defer endMoves()
	defer endOne()
	l.publish("a")
	l.send("b", true)
	l.send("a", true)
	f := func(name string, keys <-chan string, want ...string) {
		t.Helper()
		if len(keys) != len(want) {
			t.Fatalf("%s: %d keys, want %q", name, len(keys), want)
		}
		for _, key := range want {
			if got := <-keys; got != key {
				t.Errorf("%s: got %q, want %q", name, got, key)
			}
		}
	}
	f("all", all, "a", "b", "a")
	f("moves", moves, "a")
	f("one", one, "b")
	for range 100 {
		l.publish("a")
	}
	endAll()
	l.publish("a")
	if len(all) != 16 || len(moves) != 16 || len(one) != 0 {
		t.Errorf("%d, %d and %d keys wait", len(all), len(moves), len(one))
	}
}
