//go:build integration

package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

// shells are the real ones, and what makes each read a script before the first line.
var shells = []struct {
	name, set string
	args      []string
}{
	{"bash", "source $SCRIPT", []string{"--noprofile", "--norc", "-i"}},
	{"zsh", "autoload -Uz compinit; compinit -u -d $HOME/.zcompdump; source $SCRIPT", []string{"-f", "-i"}},
	{"fish", "source $SCRIPT", []string{"--no-config", "-i"}},
}

// shell is a shell with pushback in its path, completing from a daemon that knows a service
// whose name a shell would read as a command.
type shell struct {
	t      *testing.T
	daemon *process
	env    []string
}

const hostile = "cart-$(touch${IFS}ran)"

func newShell(t *testing.T) *shell {
	t.Helper()
	p := serve(t, "metrics: {prod: {kind: prometheus, url: \"http://127.0.0.1:9\"}}\nservices: {list: [{name: payments-api}]}\nhooks: {undo: {kind: command, argv: ['true']}}\n",
		"team: shop\nrules:\n  - {name: level, watch: {service: '*'}, signals: [{name: level, query: up, min_effect: 10%}]}\n")
	p.deploy("search", "v7")
	p.deploy(hostile, "v1")
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(p.dir, "pushback")); err != nil {
		t.Fatal(err)
	}
	return &shell{t, p, []string{
		"PATH=" + p.dir + ":" + os.Getenv("PATH"), "HOME=" + p.dir, "TERM=dumb", "PS1=$ ", "COLUMNS=200",
		"PUSHBACK_SERVER=" + p.url, "PUSHBACK_TOKEN_FILE=" + filepath.Join(p.dir, "token"),
	}}
}

// run runs a command in the daemon's folder and returns all that it writes.
func (s *shell) run(stdin string, argv ...string) string {
	s.t.Helper()
	c := exec.CommandContext(s.t.Context(), argv[0], argv[1:]...)
	c.Dir, c.Env, c.Stdin, c.WaitDelay = s.daemon.dir, s.env, strings.NewReader(stdin), time.Second
	out, err := c.CombinedOutput()
	if err != nil {
		s.t.Errorf("%q: %v\n%s", argv, err, out)
	}
	return string(out)
}

// script writes the completion script of a shell and returns its name.
func (s *shell) script(name string) string {
	s.t.Helper()
	s.daemon.write(name+".script", s.run("", "pushback", "completion", name))
	return filepath.Join(s.daemon.dir, name+".script")
}

// changed waits until the daemon has a change of a version, and returns its service.
func (s *shell) changed(version string) (service string) {
	s.t.Helper()
	await(s.t, "a deploy of "+version, 20*time.Second, func() bool {
		var page api.Changes
		s.daemon.request("GET", "/v1/changes?limit=100", nil, nil, &page)
		for _, c := range page.Changes {
			if c.Version == version {
				service = c.Service
			}
		}
		return service != ""
	})
	return service
}

// A person types at a terminal and presses the tab key: the command, a flag and the services
// are completed, and nothing that a name holds is run.
func TestCompletionAtATerminal(t *testing.T) {
	s := newShell(t)
	for _, sh := range shells {
		script := s.script(sh.name)
		s.run("", sh.name, "-n", script)
		version := "typed-in-" + sh.name
		keys := strings.ReplaceAll(sh.set, "$SCRIPT", script) + "\n" +
			"pushback dep\t--servi\tpay\t--environment production --no-git --version " + version + "\n" +
			"pushback deploy --service cart\t--environment production --no-git --version hostile-" + version + "\n" +
			"exit\n"
		out := s.run(keys, "script", "-qec", sh.name+" "+strings.Join(sh.args, " "), "/dev/null")
		if service := s.changed(version); service != "payments-api" {
			t.Errorf("%s: deployed %q\n%s", sh.name, service, out)
		}
		if service := s.changed("hostile-" + version); service != hostile {
			t.Errorf("%s: deployed %q\n%s", sh.name, service, out)
		}
		if _, err := os.Stat(filepath.Join(s.daemon.dir, "ran")); err == nil {
			t.Fatalf("%s ran a command that a service is called by", sh.name)
		}
	}
}

// The values that only the daemon or a file knows.
func TestCompletionOfValues(t *testing.T) {
	s := newShell(t)
	key := s.daemon.deploy("payments-api", "v9")
	f := func(line string, want ...string) {
		t.Helper()
		var got []string
		for text := range strings.Lines(s.run("", "fish", "--no-config", "-c", "source "+s.script("fish")+"; complete -C '"+line+"'")) {
			value, _, _ := strings.Cut(strings.TrimSpace(text), "\t")
			got = append(got, value)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	f("pushback gate pay", "payments-api")
	f("pushback gate --environment pro", "production")
	f("pushback explain "+key[:5], key)
	f("pushback rules show le", "level")
	f("pushback hooks test u", "undo")
	f("pushback hooks test --config=pushback.y", "--config=pushback.yml")
	f("pushback hooks test -c pushback.y", "pushback.yml")
	f("pushback deploy --kind=c", "--kind=config")
	f("pushback rules library library/http-r", "library/http-red")
	f("pushback completion z", "zsh")
	f("pushback help rules st", "status")
	f("pushback gate --server http://127.0.0.1:1 pay")
	f("pushback gate --token-file /nowhere pay")
}

// A daemon that takes the connection and never answers does not make the shell hang.
func TestCompletionGivesUp(t *testing.T) {
	s := newShell(t)
	if err := s.daemon.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.daemon.cmd.Process.Signal(syscall.SIGCONT) }()
	var out bytes.Buffer
	c := exec.CommandContext(t.Context(), filepath.Join(s.daemon.dir, "pushback"), "__complete", "--", "gate", "")
	c.Env, c.Stdout, c.Stderr = s.env, &out, &out
	if err := c.Run(); err != nil || out.Len() > 0 {
		t.Errorf("%v: %s", err, out.String())
	}
}

// The manual page is one for man and for mandoc.
func TestManualPage(t *testing.T) {
	s := newShell(t)
	s.env = append(s.env, "SOURCE_DATE_EPOCH=1700000000", "LC_ALL=C.UTF-8", "MANWIDTH=100")
	page := s.run("", "pushback", "man")
	s.daemon.write("pushback.1", page)
	if problems := s.run("", "mandoc", "-Tlint", "-Wwarning", "pushback.1"); problems != "" {
		t.Error(problems)
	}
	shown := s.run("", "man", "-l", "--warnings=w", "pushback.1")
	for _, want := range []string{"pushback deploy", "--no-git", "EXIT STATUS", "2023-11-14", "pushback rules check && kill -HUP $(pidof pushback)"} {
		if !strings.Contains(shown, want) {
			t.Errorf("man does not show %q:\n%.2000s", want, shown)
		}
	}
	if again := s.run("", "pushback", "man"); again != page {
		t.Error("the page differs each time it is made")
	}
}
