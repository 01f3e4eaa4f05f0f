package command

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pushback/pushback/rollback"
)

const (
	// DefaultTimeout bounds a run where the configuration does not.
	DefaultTimeout = 5 * time.Minute
	// grace is what a program has between TERM and KILL.
	grace = 5 * time.Second
)

// Config is a hook of kind command in pushback.yml.
type Config struct {
	Argv    []string          `yaml:"argv"`    // the program, then its arguments; $key, $service, … as whole arguments
	Verify  []string          `yaml:"verify"`  // a program that prints the version that runs, and changes nothing
	Dir     string            `yaml:"dir"`     // where it runs; "": where Pushback runs
	Timeout time.Duration     `yaml:"timeout"` // 0: DefaultTimeout
	Env     map[string]string `yaml:"env"`     // added to PATH and PUSHBACK_*
}

// SetDirectory makes relative file names start at dir. A program without a
// slash is looked up in PATH and stays as it is.
func (c *Config) SetDirectory(dir string) {
	if c.Dir != "" && !filepath.IsAbs(c.Dir) {
		c.Dir = filepath.Join(dir, c.Dir)
	}
	for _, argv := range [][]string{c.Argv, c.Verify} {
		if len(argv) > 0 && strings.Contains(argv[0], "/") && !filepath.IsAbs(argv[0]) {
			argv[0] = filepath.Join(dir, argv[0])
		}
	}
}

// CallTimeout is how long a rollback may take.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook runs one program. It is safe for concurrent use.
type Hook struct {
	config Config
	path   string
	grace  time.Duration
	now    func() time.Time
}

// New checks the configuration and finds the program. It runs nothing.
func New(c Config) (*Hook, error) {
	if err := errors.Join(checkArguments("argv", c.Argv), checkEnvironment(c.Env)); err != nil {
		return nil, err
	}
	if len(c.Verify) > 0 {
		if err := checkArguments("verify", c.Verify); err != nil {
			return nil, err
		}
	}
	if c.Timeout < 0 {
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	path, err := exec.LookPath(c.Argv[0])
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return nil, fmt.Errorf("argv: finding the program: %w", err)
	}
	return &Hook{config: c, path: path, grace: grace, now: time.Now}, nil
}

// Do runs the program once and waits for its end. See the package comment for
// what each end means.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	output := &head{limit: rollback.MaxOutput}
	run, err := h.command(ctx, w, output)
	if err == nil {
		err = run.Start()
	}
	if err != nil {
		return rollback.Receipt{}, fmt.Errorf("running the hook: %w: %w", rollback.ErrNotSent, err)
	}
	group := run.Process.Pid
	rollback.ReportStarted(ctx, rollback.Receipt{At: h.now().UTC(), Status: "running", PGID: group})
	err = run.Wait()
	if err != nil && ctx.Err() != nil {
		_ = syscall.Kill(-group, syscall.SIGKILL) // whoever of the group is left; none is no error
	}
	status, err := judge(ctx, err)
	return rollback.Receipt{At: h.now().UTC(), Status: status, Output: output.String(), PGID: group}, err
}

func (h *Hook) command(ctx context.Context, w rollback.Warrant, output *head) (*exec.Cmd, error) {
	arguments, err := fill(h.config.Argv, factsOf(w))
	if err != nil {
		return nil, err
	}
	run := exec.CommandContext(ctx, h.path, arguments...)
	run.Dir, run.Env = h.config.Dir, environment(h.config.Env, factsOf(w))
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(w.Body()), output, output
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGTERM) }
	run.WaitDelay = h.grace
	return run, nil
}

// judge turns how the program ended into a status for people and the
// outcome. A program that exits 0 and leaves a child holding its output is done.
func judge(ctx context.Context, err error) (string, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "exit 0", nil
	case ctx.Err() != nil:
		return "ended at the timeout", fmt.Errorf("running the hook: %w: %w", rollback.ErrOutcomeUnknown, ctx.Err())
	case errors.Is(err, exec.ErrWaitDelay):
		return "exit 0", nil
	case errors.As(err, &exit) && exit.Exited():
		return fmt.Sprintf("exit %d", exit.ExitCode()), fmt.Errorf("the hook failed with exit %d", exit.ExitCode())
	}
	return err.Error(), fmt.Errorf("running the hook: %w: %w", rollback.ErrOutcomeUnknown, err)
}
