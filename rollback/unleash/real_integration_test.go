//go:build integration && unleash

package unleash

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/flag"
)

// real is a hook on a real Unleash.
func real(t *testing.T, u *servertest.UnleashServer, to flag.To, token string) *Hook {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{URL: u.URL, TokenFile: file, To: to, Place: flag.Place{Flag: "fast-cart"}, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestRealUnleash does with a real Unleash what the fakes of this folder stand for.
func TestRealUnleash(t *testing.T) {
	u := servertest.Unleash(t, nil)
	u.Flag("fast-cart", "50")
	u.Turn("fast-cart", "on")
	serves := func(what string, wantOn bool, wantRollout string) {
		t.Helper()
		if on, rollout := u.Serves("fast-cart"); on != wantOn || rollout != wantRollout {
			t.Errorf("%s: on %v, rollout %s; want %v, %s", what, on, rollout, wantOn, wantRollout)
		}
	}
	plan := hooktest.Warrant(t).Plan()
	plan.Target = "25%"
	back := real(t, u, flag.ToPrevious, servertest.UnleashToken)
	if checks := back.Preflight(t.Context(), plan); len(rollback.Problems(checks)) > 0 {
		t.Errorf("preflight: %+v", checks)
	}
	preview, err := back.DryRun(t.Context(), plan)
	if err != nil || preview.AlreadyLive || len(preview.Steps) != 1 || !strings.Contains(preview.Steps[0], "/parameters/rollout: 25") {
		t.Errorf("dry run: %+v, %v", preview, err)
	}
	serves("after the dry run", true, "50")

	act := func(h *Hook, what, target string) {
		t.Helper()
		p := plan
		p.Target = target
		a, err := h.inspect(t.Context(), p)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := h.carryOut(t.Context(), a, new(call.Log)); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if v, err := h.Verify(t.Context(), p); err != nil || !v.TargetRuns || v.Version != target {
			t.Errorf("%s: verified as %+v, %v", what, v, err)
		}
	}
	act(back, "the share before", "25%")
	serves("the share before", true, "25")
	act(back, "off", "off")
	serves("off", false, "25")
	act(back, "from off to a share", "10%")
	serves("from off to a share", true, "10")

	off := real(t, u, flag.ToOff, servertest.UnleashToken)
	if _, err := off.Do(t.Context(), hooktest.Warrant(t)); err != nil {
		t.Error(err)
	}
	serves("turned off by Do", false, "10")
	receipt, err := off.Do(t.Context(), hooktest.Warrant(t))
	if err != nil || receipt.Status != "already at off" {
		t.Errorf("a second time: %+v, %v", receipt, err)
	}
	stranger := real(t, u, flag.ToOff, "*:*.another-token-of-nobody")
	if checks := stranger.Preflight(t.Context(), plan); len(rollback.Problems(checks)) == 0 {
		t.Errorf("a token of nobody: %+v", checks)
	}
	if _, err := stranger.Do(t.Context(), hooktest.Warrant(t)); err == nil {
		t.Error("a token of nobody turned a flag off")
	}
}
