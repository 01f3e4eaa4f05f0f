package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// Preflight looks whether the program and its folder are there. It runs
// nothing: whether the program could roll back, only the program knows.
func (h *Hook) Preflight(_ context.Context, p rollback.Plan) []rollback.Check {
	checks := []rollback.Check{runnable("argv", h.path)}
	if h.config.Dir != "" {
		checks = append(checks, folder(h.config.Dir))
	}
	if len(h.config.Verify) > 0 {
		checks = append(checks, runnable("verify", h.config.Verify[0]))
	}
	if p.Known() {
		_, err := fill(h.config.Argv, facts{plan: p})
		checks = append(checks, found("the arguments can be filled in", err, "see what the change is called"))
	}
	return checks
}

func runnable(key, path string) rollback.Check {
	_, err := exec.LookPath(path)
	return found(key+": the program can be run", err, "install it, or name another in "+key)
}

func folder(dir string) rollback.Check {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	return found("dir: the folder is there", err, "make it, or name another in dir")
}

func found(what string, err error, hint string) rollback.Check {
	if err == nil {
		return rollback.Check{What: what}
	}
	return rollback.Check{What: what, Problem: rollback.Output(err.Error()), Hint: hint}
}

// DryRun says which program would be run, with which arguments.
func (h *Hook) DryRun(_ context.Context, p rollback.Plan) (rollback.Preview, error) {
	arguments, err := fill(h.config.Argv, facts{plan: p})
	if err != nil {
		return rollback.Preview{}, err
	}
	for i, a := range arguments {
		arguments[i] = fmt.Sprintf("%q", a)
	}
	preview := rollback.Preview{Steps: []string{strings.Join(append([]string{"run", h.path}, arguments...), " ")}}
	if len(h.config.Verify) == 0 {
		preview.Notes = []string{"without verify nobody can see whether the version changed"}
	}
	return preview, nil
}

// Verify runs the program of verify, whose first line of standard output is
// the version that runs.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	if len(h.config.Verify) == 0 {
		return rollback.RunningVersion{}, &rollback.UnverifiableError{Why: "verify is not set"}
	}
	arguments, err := fill(h.config.Verify, facts{plan: p})
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	output := &head{limit: rollback.MaxOutput}
	run := exec.CommandContext(ctx, h.config.Verify[0], arguments...)
	run.Dir, run.Env = h.config.Dir, environment(h.config.Env, facts{plan: p})
	run.Stdin, run.Stdout = bytes.NewReader(nil), output
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	run.WaitDelay = h.grace
	if err := run.Run(); err != nil {
		return rollback.RunningVersion{}, fmt.Errorf("running verify: %w", err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(output.String()), "\n")
	return rollback.RunningVersion{At: h.now().UTC(), Version: line, TargetRuns: naming.Same(line, p.Target)}, nil
}
