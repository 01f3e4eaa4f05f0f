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

// Preflight checks that the program, its folder and the program of verify exist, and
// that the placeholders have values. It runs nothing, and so cannot check whether the
// program could roll back.
func (h *Hook) Preflight(_ context.Context, p rollback.Plan) []rollback.Check {
	checks := []rollback.Check{checkProgram("argv", h.path)}
	if h.config.Dir != "" {
		checks = append(checks, checkFolder(h.config.Dir))
	}
	if len(h.config.Verify) > 0 {
		checks = append(checks, checkProgram("verify", h.config.Verify[0]))
	}
	if p.Known() {
		_, err := fillArguments(h.config.Argv, orderValues{plan: p})
		checks = append(checks, newCheck("the placeholders in argv have values", err, "correct the values in the event of the change"))
	}
	return checks
}

func checkProgram(key, path string) rollback.Check {
	_, err := exec.LookPath(path)
	return newCheck(key+": the program can be run", err, "install it, or set "+key+" to another program")
}

func checkFolder(dir string) rollback.Check {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a folder")
	}
	return newCheck("dir: the folder exists", err, "create it, or set dir to another one")
}

func newCheck(what string, err error, hint string) rollback.Check {
	if err == nil {
		return rollback.Check{What: what}
	}
	return rollback.Check{What: what, Problem: rollback.Output(err.Error()), Hint: hint}
}

// DryRun says which program would be run, with which arguments.
func (h *Hook) DryRun(_ context.Context, p rollback.Plan) (rollback.Preview, error) {
	arguments, err := fillArguments(h.config.Argv, orderValues{plan: p})
	if err != nil {
		return rollback.Preview{}, err
	}
	for i, a := range arguments {
		arguments[i] = fmt.Sprintf("%q", a)
	}
	preview := rollback.Preview{Steps: []string{strings.Join(append([]string{"run", h.path}, arguments...), " ")}}
	if len(h.config.Verify) == 0 {
		preview.Notes = []string{"verify is not set: Pushback cannot check that the target runs after a rollback"}
	}
	return preview, nil
}

// Verify runs the program of verify. The first line of its standard output is the
// version that runs.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	if len(h.config.Verify) == 0 {
		return rollback.RunningVersion{}, &rollback.UnverifiableError{Why: "verify is not set"}
	}
	arguments, err := fillArguments(h.config.Verify, orderValues{plan: p})
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	output := &boundedOutput{limit: rollback.MaxOutput}
	run := exec.CommandContext(ctx, h.config.Verify[0], arguments...)
	run.Dir, run.Env = h.config.Dir, environment(h.config.Env, orderValues{plan: p})
	run.Stdin, run.Stdout = bytes.NewReader(nil), output
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	run.WaitDelay = h.killDelay
	if err := run.Run(); err != nil {
		return rollback.RunningVersion{}, fmt.Errorf("running verify: %w", err)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(output.String()), "\n")
	return rollback.RunningVersion{At: h.now().UTC(), Version: line, TargetRuns: naming.SameVersion(line, p.Target)}, nil
}
