package rollback_test

import (
	"testing"

	"github.com/pushback/pushback/rollback"
)

func TestGate(t *testing.T) {
	bad := rollback.Obstacle{Why: "v2 is bad", Change: "k2"}
	flag := rollback.Obstacle{Why: "the flag is bad", Change: "k3"}
	hold := rollback.Obstacle{Why: "held by amy", Hold: "h1", Actor: "amy"}
	f := func(open bool, reason string, fixes []string, obstacles ...rollback.Obstacle) {
		t.Helper()
		g := rollback.DecideGate(obstacles, fixes)
		if g.Open != open || g.Reason != reason || len(g.Obstacles) != len(obstacles) {
			t.Errorf("%v, fixing %v: %+v, want open: %v, %q", obstacles, fixes, g, open, reason)
		}
	}
	f(true, "", nil)
	f(true, "", []string{"k2"})
	f(false, "v2 is bad", nil, bad)
	f(false, "v2 is bad", []string{"k9"}, bad)
	f(false, "v2 is bad", []string{""}, bad)
	f(true, "a fix: v2 is bad", []string{"k2"}, bad)
	f(false, "the flag is bad", []string{"k2"}, bad, flag)
	f(true, "a fix: v2 is bad; a fix: the flag is bad", []string{"k2", "k3"}, bad, flag)
	f(false, "held by amy", nil, hold)
	f(false, "held by amy", []string{"k2", "h1", ""}, hold, bad)
}
