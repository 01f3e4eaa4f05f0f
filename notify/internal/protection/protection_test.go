package protection

import (
	"strings"
	"testing"
	"time"
)

// What is refused names the key, and what the keys of protection are.
func TestCheck(t *testing.T) {
	f := func(protection map[string]string, atMost time.Duration, want string) {
		t.Helper()
		err := Settings{protection, atMost}.Check("a branch")
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v %s: %v, want %q", protection, atMost, err, want)
		}
	}
	f(nil, 0, "")
	f(map[string]string{"production": "staging", "release/eu": "qa"}, time.Minute, "")
	f(map[string]string{"production": "production"}, time.Hour, "protection: write a branch and the environment before it")
	f(map[string]string{"production": ""}, time.Hour, "protection: ")
	f(map[string]string{"": "staging"}, time.Hour, "protection: ")
	f(map[string]string{"production": "stag\u200bing"}, time.Hour, "protection: ")
	f(map[string]string{"production": "staging"}, 59*time.Second, "wait_at_most ")
	f(map[string]string{"production": "staging"}, 697*time.Hour, "wait_at_most ")
	if err := (Settings{map[string]string{"a": "a", "b": ""}, 0}).Check("a branch"); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("not all mistakes: %v", err)
	}
	if d := Defaults(); d.Any() || d.WaitAtMost != 2*time.Hour {
		t.Errorf("%+v", d)
	}
}
