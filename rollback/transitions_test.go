package rollback_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pushback/pushback/rollback"
)

var states = []rollback.State{
	rollback.Proposed, rollback.Approved, rollback.Decided, rollback.Sending, rollback.Done,
	rollback.Failed, rollback.Unknown, rollback.Cancelled, rollback.Expired, rollback.Refused,
}

// What is unsent is exactly what can still be ended.
func TestUnsent(t *testing.T) {
	for _, s := range states {
		if unsent := slices.Contains(rollback.Unsent, s); unsent != s.CanMove(rollback.Cancelled) || s.Stoppable() != (unsent && s != rollback.Proposed) {
			t.Errorf("%s: unsent %t, stoppable %t", s, unsent, s.Stoppable())
		}
	}
}

// diagram reads the transitions from the package comment, so that the test fails if
// the diagram and the table differ.
func diagram(t *testing.T) map[string][]string {
	t.Helper()
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(source)) {
		if strings.Contains(line, "──►") {
			lines = append(lines, strings.TrimPrefix(strings.TrimSpace(line), "//"))
		}
	}
	if len(lines) != 3 {
		t.Fatalf("the diagram has %d lines with arrows, want 3", len(lines))
	}
	words := regexp.MustCompile(`[a-z]+`)
	chain := strings.Split(lines[0], "──►")
	moves := map[string][]string{}
	for i, from := range chain[:len(chain)-1] {
		moves[strings.TrimSpace(from)] = words.FindAllString(chain[i+1], -1)
	}
	ends := words.FindAllString(lines[1], -1)
	for _, from := range chain[:strings.Count(lines[1], "┴")+1] {
		from = strings.TrimSpace(from)
		moves[from] = append(moves[from], ends...)
	}
	from, back, _ := strings.Cut(lines[2], "──►")
	from = strings.TrimSpace(from)
	moves[from] = append(moves[from], strings.TrimSpace(back))
	return moves
}

func TestMovesAreTheDiagram(t *testing.T) {
	drawn := diagram(t)
	for _, from := range states {
		for _, to := range states {
			if got, want := from.CanMove(to), slices.Contains(drawn[string(from)], string(to)); got != want {
				t.Errorf("%s → %s: %v, but the diagram says %v", from, to, got, want)
			}
		}
	}
}

func TestFinal(t *testing.T) {
	open := states[:4]
	for _, s := range append(states, "", "shipped") {
		if s.Final() == slices.Contains(open, s) {
			t.Errorf("%q final: %v", s, s.Final())
		}
	}
}
