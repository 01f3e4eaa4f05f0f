package sources

import "testing"

func TestSameVersion(t *testing.T) {
	f := func(a, b string, want bool) {
		t.Helper()
		if SameVersion(a, b) != want || SameVersion(b, a) != want {
			t.Errorf("%q and %q: %v", a, b, !want)
		}
	}
	f("v1", "v1", true)
	f("v1.2", "1.2", true)
	f("v1", "v2", false)
	f("v1", "v12", false)
	f("vision", "ision", false)
	f("3f786850e387550fdab836ed7e6dc881de23001b", "3f78685", true)
	f("3f786850e387550fdab836ed7e6dc881de23001b", "3f7868", false) // six digits
	f("3f786850e387550fdab836ed7e6dc881de23001b", "3f78686", false)
	f("1234567", "12345678", true) // digits are hexadecimal, too
	f("2026112", "20261129-a", false)
	f("", "", false)
	f("", "v1", false)
	f("v", "", false)
}
