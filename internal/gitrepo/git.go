package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// The bounds of one call of git.
const (
	timeout   = 10 * time.Second
	maxOutput = 1 << 20
	maxError  = 300 // bytes of git's own words in an error
)

// ErrNoRepository is the cause of the error where there is no git, or a folder is in no
// repository.
var ErrNoRepository = errors.New("this is no git repository")

// safeguards come before every command. The repository's own configuration may not start a
// program (a file-system monitor, a pager, a check of signatures, an editor) and may not
// fetch what a partial clone lacks.
var safeguards = []string{
	"--no-pager", "--no-optional-locks", "--no-replace-objects", "--literal-pathspecs",
	"-c", "core.fsmonitor=false", "-c", "core.pager=cat", "-c", "core.hooksPath=/dev/null", "-c", "core.editor=false",
	"-c", "core.sshCommand=false", "-c", "core.askPass=", "-c", "credential.helper=", "-c", "protocol.allow=never",
	"-c", "log.showSignature=false", "-c", "gpg.program=false", "-c", "diff.external=",
}

// environment is all that git learns of ours: where its programs are, and whose settings
// say which folders are trusted.
func environment() []string {
	env := []string{
		"LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none",
		"GIT_PAGER=cat", "GIT_ASKPASS=",
	}
	for _, name := range []string{"PATH", "HOME", "XDG_CONFIG_HOME"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// git runs one command in dir and returns what it wrote, at most maxOutput bytes.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c := exec.CommandContext(ctx, "git", append(append([]string{"-C", dir}, safeguards...), args...)...)
	c.Env, c.WaitDelay = environment(), time.Second
	out, problem := &bounded{limit: maxOutput}, &bounded{limit: 4096}
	c.Stdout, c.Stderr = out, problem
	err := c.Run()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("git %s: %w", args[0], context.Cause(ctx))
	case out.over:
		return "", fmt.Errorf("git %s: it wrote more than %d bytes", args[0], maxOutput)
	case err != nil:
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, sources.OneLine(problem.String(), maxError))
	}
	return out.String(), nil
}

// bounded keeps the first limit bytes, and takes the others without keeping them.
type bounded struct {
	bytes.Buffer
	limit int
	over  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.limit - b.Len()
	if len(p) > room {
		b.over = true
		_, _ = b.Buffer.Write(p[:room])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

// Repository is a git repository on this host.
type Repository struct{ dir string }

// Open finds the repository that dir is in. The error wraps ErrNoRepository where there is
// none, or no git.
func Open(ctx context.Context, dir string) (*Repository, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, fmt.Errorf("%w: git is not installed", ErrNoRepository)
	}
	_, err := git(ctx, dir, "rev-parse", "--git-dir")
	if err == nil {
		return &Repository{dir: dir}, nil
	}
	if strings.Contains(err.Error(), "not a git repository") || strings.Contains(err.Error(), "cannot change to") {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoRepository)
	}
	return nil, err
}
