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
	// killDelay is the time between SIGTERM and SIGKILL.
	killDelay = 5 * time.Second
)

// Config is a hook of kind command in pushback.yml.
type Config struct {
	Argv    []string          `yaml:"argv"`    // the program and its arguments; whole arguments may be placeholders such as $service
	Verify  []string          `yaml:"verify"`  // a program, with arguments, that prints the version that runs and changes nothing
	Dir     string            `yaml:"dir"`     // the working folder; "": that of Pushback
	Timeout time.Duration     `yaml:"timeout"` // 0: DefaultTimeout
	Env     map[string]string `yaml:"env"`     // added to PATH and PUSHBACK_*
}

// SetDirectory makes relative file names start at dir. The name of a program without a
// slash does not change, because it is searched in PATH.
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

// CallTimeout bounds a whole rollback.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook runs one program. It is safe for concurrent use.
type Hook struct {
	config    Config
	path      string
	killDelay time.Duration
	now       func() time.Time
}

// New checks the configuration and searches the program. It runs nothing.
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
	return &Hook{config: c, path: path, killDelay: killDelay, now: time.Now}, nil
}

// Do runs the program once and waits until it ends. See the package comment for what
// each way of ending means.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	output := &boundedOutput{limit: rollback.MaxOutput}
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
		_ = syscall.Kill(-group, syscall.SIGKILL) // ends what is left of the group; it is no error if nothing is left
	}
	status, err := exitResult(ctx, err)
	return rollback.Receipt{At: h.now().UTC(), Status: status, Output: output.String(), PGID: group}, err
}

func (h *Hook) command(ctx context.Context, w rollback.Warrant, output *boundedOutput) (*exec.Cmd, error) {
	arguments, err := fillArguments(h.config.Argv, valuesOf(w))
	if err != nil {
		return nil, err
	}
	run := exec.CommandContext(ctx, h.path, arguments...)
	run.Dir, run.Env = h.config.Dir, environment(h.config.Env, valuesOf(w))
	if replica := rollback.Replica(ctx); replica != "" {
		run.Env = append(run.Env, "PUSHBACK_REPLICA="+replica)
	}
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(w.Body()), output, output
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGTERM) }
	run.WaitDelay = h.killDelay
	return run, nil
}

// exitResult returns the receipt's status and the error for how the program ended. A
// program that exits 0 is done, even if a child of it still holds the output open.
func exitResult(ctx context.Context, err error) (string, error) {
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
