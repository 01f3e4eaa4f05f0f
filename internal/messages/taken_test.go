package messages_test

import (
	"testing"
	"time"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/rollback"
)

// Pagers stop looking for somebody when a person has decided, and not when a newer change or time did.
func TestTakenBy(t *testing.T) {
	f := func(s rollback.State, actor, want string) {
		t.Helper()
		m := messages.Composer{}.Order(rollback.Order{Key: "k", State: s, Actor: actor}, time.Now())
		if m.TakenBy != want {
			t.Errorf("%s by %q is taken by %q, want %q", s, actor, m.TakenBy, want)
		}
	}
	f(rollback.Approved, "ada (by irc)", "ada (by irc)")
	f(rollback.Cancelled, "ada", "ada")
	f(rollback.Cancelled, "", "")
	f(rollback.Proposed, "", "")
	f(rollback.Failed, "ada", "") // what was approved has failed: somebody is needed again
}
