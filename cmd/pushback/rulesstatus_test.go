package main

import (
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
)

// The command that promotes a rule is copied into a shell, which takes the name of the service for one word whatever it is.
func TestPromotionIsQuoted(t *testing.T) {
	for _, service := range []string{"cart", "*", "a b", "cart'; echo evil; '", "$(id)", "`id`", `a\'b"c`, "a\nb\x1b[2J"} {
		var printed strings.Builder
		if err := printStandings(newTerminal(&printed, io.Discard), []api.RuleTrust{{Rule: "red", Service: service, Next: "ask", Proposed: true}}); err != nil {
			t.Fatal(err)
		}
		_, command, found := strings.Cut(printed.String(), "\n  pushback ")
		if !found || strings.ContainsAny(printed.String(), "\x1b") {
			t.Fatalf("%q: %q", service, printed.String())
		}
		words, err := exec.Command("sh", "-c", `printf '<%s>' `+command).CombinedOutput()
		if want := "<rules><promote><red><--service><" + clean(service) + ">"; err != nil || string(words) != want {
			t.Errorf("%q: a shell reads %s, want %s: %v", service, words, want, err)
		}
	}
}
