package command

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
)

func verifying(t *testing.T, script string) *Hook {
	t.Helper()
	h, _ := newHook(t, "exit 1")
	path, _ := program(t, script)
	h.config.Verify = []string{path, "$service"}
	return h
}

func TestVerify(t *testing.T) {
	f := func(script, running string, settled bool) {
		t.Helper()
		got, err := verifying(t, script).Verify(t.Context(), hooktest.Warrant(t).Plan())
		if err != nil || got.Version != running || got.TargetRuns != settled {
			t.Errorf("%s: %+v, %v", script, got, err)
		}
	}
	f("echo v1; echo more", "v1", true)
	f("echo v2", "v2", false)
	f("echo $1", "cart", false)
	f("echo $PUSHBACK_TARGET_VERSION", "v1", true)
	f("true", "", false)
	if _, err := verifying(t, "echo v1; exit 2").Verify(t.Context(), hooktest.Warrant(t).Plan()); err == nil {
		t.Error("exit 2 was accepted as an answer")
	}
	h, _ := newHook(t, "exit 1")
	var unverifiable *rollback.UnverifiableError
	if _, err := h.Verify(t.Context(), hooktest.Warrant(t).Plan()); !errors.As(err, &unverifiable) {
		t.Errorf("without verify: %v", err)
	}
}

func TestPreflight(t *testing.T) {
	h := verifying(t, "echo v1")
	f := func(want string) {
		t.Helper()
		bad := rollback.Problems(h.Preflight(t.Context(), hooktest.Warrant(t).Plan()))
		if (len(bad) == 0) != (want == "") || len(bad) > 0 && !strings.Contains(bad[0].String(), want) {
			t.Errorf("got %v, want %q", bad, want)
		}
	}
	f("")
	h.config.Dir = "/nowhere"
	f("no such file")
	h.config.Dir = ""
	if err := os.Chmod(h.path, 0o600); err != nil {
		t.Fatal(err)
	}
	f("permission denied")
}

func TestDryRun(t *testing.T) {
	h, calls := newHook(t, "exit 1", "--service", "$service", "$target_version")
	got, err := h.DryRun(t.Context(), hooktest.Warrant(t).Plan())
	if want := "run " + h.path + ` "--service" "cart" "v1"`; err != nil || len(got.Steps) != 1 || got.Steps[0] != want {
		t.Errorf("%+v, %v; want %s", got, err, want)
	}
	if n := count(t, calls); n != 0 {
		t.Errorf("the program ran %d times", n)
	}
	plan := hooktest.Warrant(t).Plan()
	plan.Target = "--force"
	if _, err := h.DryRun(t.Context(), plan); err == nil {
		t.Error("a version that looks like an option was accepted")
	}
}
