package server

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// actionStep is a step of the composite GitHub Action.
type actionStep struct {
	ID    string            `yaml:"id"`
	If    string            `yaml:"if"`
	Shell string            `yaml:"shell"`
	Run   string            `yaml:"run"`
	Env   map[string]string `yaml:"env"`
}

var inputOf = regexp.MustCompile(`^\$\{\{ inputs\.(\w+) \}\}$`)

// step runs one step of the action with bash, as a runner does.
func (p *testServer) step(id string, inputs map[string]string) (code int, log, outputs string) {
	p.t.Helper()
	var action struct {
		Inputs map[string]struct{ Default string } `yaml:"inputs"`
		Runs   struct {
			Using string
			Steps []actionStep
		} `yaml:"runs"`
	}
	if err := yaml.Load(readRecipe(p.t, "github-action/action.yml"), &action); err != nil {
		p.t.Fatal(err)
	}
	at := slices.IndexFunc(action.Runs.Steps, func(s actionStep) bool { return s.ID == id })
	step := action.Runs.Steps[at]
	if action.Runs.Using != "composite" || step.Shell != "bash" || strings.Contains(step.Run, "${{") {
		p.t.Fatalf("an expression within the script of a step: %+v", step)
	}
	folder, err := filepath.Abs(recipes + "github-action")
	if err != nil {
		p.t.Fatal(err)
	}
	file := filepath.Join(p.t.TempDir(), "output")
	command := exec.CommandContext(p.t.Context(), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step.Run)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "GITHUB_ACTION_PATH=" + folder, "GITHUB_OUTPUT=" + file, "GITHUB_ACTOR=amy", "GITHUB_RUN_ID=77", "GITHUB_REPOSITORY=acme/cart", "GITHUB_SERVER_URL=https://github.example.org"}
	for name, value := range step.Env {
		m := inputOf.FindStringSubmatch(value)
		if m == nil {
			p.t.Fatalf("%s is no input: %s", name, value)
		}
		given, ok := inputs[m[1]]
		if !ok {
			given = action.Inputs[m[1]].Default
		}
		command.Env = append(command.Env, name+"="+given)
	}
	text, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		p.t.Fatal(err)
	}
	written, _ := os.ReadFile(file)
	return command.ProcessState.ExitCode(), string(text), string(written)
}

func TestGitHubAction(t *testing.T) {
	for _, program := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	p := listen(t, func(o *Options) { o.Listen, o.Now = "0.0.0.0:8484", time.Now })
	storeVersions(p)
	inputs := func(more ...string) map[string]string {
		all := map[string]string{"server": p.URL, "token": token, "service": "cart", "version": "good", "interval": "1", "timeout": "1"}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	f := func(step string, in map[string]string, want int, texts ...string) {
		t.Helper()
		code, log, outputs := p.step(step, in)
		if code != want {
			t.Errorf("%s: exit %d, want %d: %s", step, code, want, log)
		}
		for _, text := range texts {
			if !strings.Contains(log+outputs, text) {
				t.Errorf("%s: no %q in %s, outputs %s", step, text, log, outputs)
			}
		}
		if strings.Contains(log+outputs, token) {
			t.Errorf("the token is in the log: %s", log)
		}
	}
	before := p.changes()
	told := inputs("version", "v9", "tell", "started")
	f("tell", told, 0, "Pushback knows: cart v9 started in production", "change=")
	f("tell", told, 0)
	f("tell", inputs("version", "v9", "tell", "succeeded"), 0)
	if n := p.changes() - before; n != 1 {
		t.Errorf("%d changes of one run and version", n)
	}
	f("wait", inputs(), 0, "result=ok", "page=http", "is healthy")
	f("wait", inputs("version", "bad"), 3, "result=bad", "::error title=Pushback::bad in production is bad")
	f("wait", inputs("version", "blind"), 4, "result=undecided", "ended without a verdict: blind")
	f("wait", inputs("version", "blind", "undecided", "warn"), 0, "::warning title=Pushback::", "result=undecided")
	f("wait", inputs("version", "rolling"), 4, "no verdict within 1 seconds", "result=pending")
	f("wait", inputs("version", "nobody-told"), 4, "nobody has reported", "result=unknown")
	f("wait", inputs("token", "wrong"), 1, "this token is wrong")
	f("wait", inputs("token", "two\nHost: elsewhere"), 2, "more than one line")
	f("wait", inputs("timeout", "soon"), 2, "seconds")
	f("wait", inputs("undecided", "maybe"), 2, "not fail or warn")
	f("tell", inputs("tell", "begun"), 2, "not started")
	f("tell", inputs("tell", "started", "service", ""), 2, "SERVICE is empty")
	f("tell", inputs("tell", "started", "server", "pushback"), 2, "no http address")
	f("tell", inputs("tell", "started", "server", "http://127.0.0.1:1"), 1, "cannot be reached")

	// A version that a stranger wrote is data: for bash, for jq, for the address and for the runner.
	evil := `$(touch pwned)"; touch pwned #` + "`touch pwned`/../../?kind=flag&x"
	f("tell", inputs("version", evil, "tell", "started"), 0, "Pushback knows")
	f("wait", inputs("version", evil), 4, "result=pending")
	f("wait", inputs("version", "x\n::set-env name=PATH::/tmp"), 4)
	if _, err := os.Stat("pwned"); err == nil {
		t.Error("a version was run")
	}
	_, log, _ := p.step("wait", inputs("version", "x\n::set-env name=PATH::/tmp"))
	if strings.Contains(log, "\n::set-env") {
		t.Errorf("a version became a command of the runner: %s", log)
	}
}
