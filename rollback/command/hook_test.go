package command

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
)

// program writes a script that appends a line to $CALLS in each run.
func program(t *testing.T, script string) (path, calls string) {
	t.Helper()
	dir := t.TempDir()
	path, calls = filepath.Join(dir, "hook"), filepath.Join(dir, "calls")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho run >>\"$CALLS\"\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, calls
}

func newHook(t *testing.T, script string, arguments ...string) (*Hook, string) {
	t.Helper()
	path, calls := program(t, script)
	h, err := New(Config{
		Argv: append([]string{path}, arguments...), Timeout: 10 * time.Second, Env: map[string]string{"CALLS": calls, "TOKEN": "hunter2!"},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.killDelay = 200 * time.Millisecond
	return h, calls
}

func count(t *testing.T, calls string) int {
	t.Helper()
	text, err := os.ReadFile(calls)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("run"))
}

func TestContract(t *testing.T) {
	scripts := map[hooktest.Behaviour]string{
		hooktest.Succeeds:    "echo rolled back",
		hooktest.Fails:       "exit 3",
		hooktest.Hangs:       "trap '' TERM; while :; do sleep 1; done",
		hooktest.Floods:      "head -c 10000000 /dev/zero | tr '\\0' x",
		hooktest.Breaks:      "kill -9 $$",
		hooktest.Unreachable: "",
		hooktest.Garbles:     `printf 'nul \000 escape \033[2J broken \377'`,
	}
	hooktest.Run(t, hooktest.Traits{}, func(t *testing.T, b hooktest.Behaviour) hooktest.Subject {
		h, calls := newHook(t, scripts[b])
		if b == hooktest.Unreachable {
			if err := os.Remove(h.path); err != nil {
				t.Fatal(err)
			}
		}
		return hooktest.Subject{Hook: h, Calls: func() int { return count(t, calls) }, Secrets: []string{"hunter2!"}}
	})
}

func do(t *testing.T, h *Hook) rollback.Receipt {
	t.Helper()
	r, err := h.Do(rollback.WithReplica(t.Context(), "web-1"), hooktest.Warrant(t))
	if err != nil {
		t.Fatalf("%v: %s", err, r.Output)
	}
	return r
}

func TestArgumentsInputAndEnvironment(t *testing.T) {
	w := hooktest.Warrant(t)
	h, _ := newHook(t, `printf '%s|' "$@"; echo; cat; echo; env | sort`,
		"$service", "$environment", "$region", "$target_version", "--to", "$version", "$key", "$epoch", "plain $ text; rm -rf *")
	parts := strings.SplitN(do(t, h).Output, "\n", 3)
	if want := "cart|production|eu|v1|--to|v2|" + w.Key() + "|7|plain $ text; rm -rf *|"; parts[0] != want {
		t.Errorf("arguments:\n%s\nwant\n%s", parts[0], want)
	}
	if parts[1] != string(w.Body()) {
		t.Errorf("standard input:\n%s\nwant\n%s", parts[1], w.Body())
	}
	var names []string
	for line := range strings.Lines(parts[2]) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	want := []string{
		"CALLS", "PATH", "PUSHBACK_CHANGE", "PUSHBACK_ENVIRONMENT", "PUSHBACK_EPOCH", "PUSHBACK_GROUP", "PUSHBACK_KEY", "PUSHBACK_KIND",
		"PUSHBACK_REGION", "PUSHBACK_REPLICA", "PUSHBACK_RULE", "PUSHBACK_SERVICE", "PUSHBACK_TARGET_VERSION", "PUSHBACK_URL", "PUSHBACK_VERSION",
		"PWD", "TOKEN", // the shell sets PWD
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

// A version that is an option must not reach the program.
func TestDashIsRefused(t *testing.T) {
	h, calls := newHook(t, "", "$target_version")
	o, s := hooktest.Order(), hooktest.Situation()
	o.Target, s.Target.Version = "--force", "--force"
	w, refusals := rollback.Permit(o, s)
	if len(refusals) > 0 {
		t.Fatal(refusals)
	}
	if _, err := h.Do(t.Context(), w); !errors.Is(err, rollback.ErrNotSent) || count(t, calls) != 0 {
		t.Errorf("got %v after %d runs", err, count(t, calls))
	}
}

// At the timeout the whole group ends, even a child that ignores SIGTERM.
func TestTimeoutEndsTheGroup(t *testing.T) {
	h, _ := newHook(t, `(trap '' TERM; while :; do sleep 1; done) & echo $!; wait`)
	h.config.Timeout = 300 * time.Millisecond
	var started rollback.Receipt
	ctx := rollback.WithStarted(t.Context(), func(r rollback.Receipt) { started = r })
	r, err := h.Do(ctx, hooktest.Warrant(t))
	if !errors.Is(err, rollback.ErrOutcomeUnknown) {
		t.Errorf("got %v", err)
	}
	if started.PGID == 0 || started.PGID != r.PGID {
		t.Errorf("reported at the start: group %d, in the receipt: %d", started.PGID, r.PGID)
	}
	child, err := strconv.Atoi(strings.TrimSpace(r.Output))
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); alive(child); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("child %d still runs", child)
		}
	}
}

// alive reports whether a process runs. One that has ended and was not reaped does not.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// A program that has ended is done, even if a child still holds its output open.
func TestLeftoverChildDoesNotHoldUs(t *testing.T) {
	h, _ := newHook(t, "sleep 1000 & echo $!")
	r := do(t, h)
	child, err := strconv.Atoi(strings.TrimSpace(r.Output))
	if err != nil || r.Status != "exit 0" {
		t.Fatalf("got %+v", r)
	}
	if !alive(child) {
		t.Error("the hook returned only after the leftover child had ended")
	}
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(c Config, want string) {
		t.Helper()
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", c.Argv, err, want)
		}
	}
	f(Config{}, "argv is missing")
	f(Config{Argv: []string{""}}, "argv is missing")
	f(Config{Argv: []string{"$service"}}, "cannot be a placeholder")
	f(Config{Argv: []string{"true", "$verison"}}, "unknown placeholder")
	f(Config{Argv: []string{"true", "--to=$version"}}, "only a whole argument")
	f(Config{Argv: []string{"no-such-program-here"}}, "finding the program")
	f(Config{Argv: []string{"true"}, Timeout: -1}, "negative")
	f(Config{Argv: []string{"true"}, Env: map[string]string{"A=B": ""}}, "not a valid name of a variable")
	f(Config{Argv: []string{"true"}, Env: map[string]string{"PUSHBACK_KEY": ""}}, "are set by Pushback")
}

func TestSetDirectory(t *testing.T) {
	f := func(program, dir, wantProgram, wantDir string) {
		t.Helper()
		c := Config{Argv: []string{program}, Dir: dir}
		c.SetDirectory("/etc/pushback")
		if c.Argv[0] != wantProgram || c.Dir != wantDir {
			t.Errorf("%q in %q became %q in %q", program, dir, c.Argv[0], c.Dir)
		}
	}
	f("true", "", "true", "")
	f("./hook", "state", "/etc/pushback/hook", "/etc/pushback/state")
	f("/bin/true", "/tmp", "/bin/true", "/tmp")
}
