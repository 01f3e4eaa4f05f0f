package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/store"
)

func (w *world) FalseAlarm(_ context.Context, key, rule, actor, why string) error {
	return w.correct("false alarm", key, rule, actor, why)
}

func (w *world) Missed(_ context.Context, key, rule, actor, why string) error {
	return w.correct("missed", key, rule, actor, why)
}

func (w *world) correct(what, key, rule, actor, why string) error {
	if w.right {
		return fmt.Errorf("no rule: %w", store.ErrConflict)
	}
	w.did = append(w.did, fmt.Sprintf("%s %s%s as %q: %q", what, key[:8], rule, actor, why))
	return w.broken
}

func TestCorrections(t *testing.T) {
	f := func(id, text, answer, did string) { t.Helper(); checkAnswer(t, id, text, answer, did) }
	f("ada", "false-alarm k6igxhx the load test", "cart v2 in production: noted as a false alarm", `false alarm k6igxhxp as "ada (by irc)": "the load test"`)
	f("ada", "missed "+cartKey, "noted as missed, and marked bad", `missed k6igxhxp as "ada (by irc)": ""`)
	f("ada", "false-alarm k6igxhy", "pay belongs to money", "")
	f("ada", "false-alarm k6igxh", "2 changes begin with k6igxh", "")
	f("ada", "missed zzzzzz", "no change with the code zzzzzz", "")
	f("ada", "missed k6", "at least 6 characters", "")
	f("ada", "false-alarm", "Which change?", "")
	f("eve", "false-alarm k6igxhx", "takes the role responder", "")
	f("", "missed k6igxhx", "signed in", "")
}

// A rule that was right is not corrected.
func TestNothingToCorrect(t *testing.T) {
	w := newWorld()
	w.right = true
	for text, want := range map[string]string{"false-alarm k6igxhx": "no rule was likely or certain at it", "missed k6igxhx": "nothing was missed"} {
		if got := ask(w, "bob", text); !strings.Contains(got, "cart v2 in production: ") || !strings.Contains(got, want) || len(w.did) != 0 {
			t.Errorf("%s is answered %q, and did %q", text, got, w.did)
		}
	}
}
