//go:build integration

package main_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/sources"
)

// TestPipelines runs what deploy/ has for CI systems as shell, with the built program, a daemon and
// a real Prometheus: a deploy that is bad fails its job, and one that is well does not.
func TestPipelines(t *testing.T) {
	t.Parallel()
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	services := map[string]*target{"jenkins": newTarget(t), "gitlab": newTarget(t), "github": newTarget(t), "well": newTarget(t)}
	var all []*target
	for _, g := range services {
		all = append(all, g)
	}
	tool := newDeployTool(t, nil)
	p := serve(t, settings(metricStore(t, servertest.Prometheus, all...), tool, services), rule("once"))
	for name := range services {
		p.report(name, "v1", sources.Succeeded, time.Now().Add(-5*time.Minute))
	}
	rollOut := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if g := services[strings.TrimPrefix(r.URL.Path, "/")]; g != nil && r.URL.Path != "/well" {
			g.fails.Store(bad)
		}
	}))
	defer rollOut.Close()
	together(t,
		part{"Jenkins", func(t *testing.T) { p.job(t, rollOut.URL, "jenkins", jenkinsScript(t), 3) }},
		part{"GitLab", func(t *testing.T) { p.job(t, rollOut.URL, "gitlab", gitlabScript(t), 3) }},
		part{"GitLab, a good one", func(t *testing.T) { p.job(t, rollOut.URL, "well", gitlabScript(t), 0) }},
		part{"GitHub", func(t *testing.T) { p.job(t, rollOut.URL, "github", githubScript, 3) }},
		part{"an assistant", func(t *testing.T) { p.assistant(t) }},
	)
}

// githubScript is what the two uses of the action in its README run.
const githubScript = `
STATUS=started bash "$ACTION/pushback.sh" tell
./roll-out v2
STATUS=succeeded bash "$ACTION/pushback.sh" tell
TIMEOUT=120 INTERVAL=1 bash "$ACTION/pushback.sh" wait
`

var shellOf = regexp.MustCompile(`(?s)sh '''\n(.*?)'''`)

// jenkinsScript is what the pipeline gives to the shell.
func jenkinsScript(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/jenkins/Jenkinsfile")
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, m := range shellOf.FindAllStringSubmatch(string(text), -1) {
		steps = append(steps, m[1])
	}
	if len(steps) != 3 {
		t.Fatalf("%d steps of shell in the Jenkinsfile", len(steps))
	}
	return strings.Join(steps, "\n")
}

// gitlabScript is the script of the job, as its runner puts it together.
func gitlabScript(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/gitlab/pushback.gitlab-ci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Deploy struct{ Script []string } `yaml:"deploy"`
	}
	if err := yaml.Load(text, &file); err != nil || len(file.Deploy.Script) == 0 {
		t.Fatalf("no script: %v", err)
	}
	return strings.Join(file.Deploy.Script, "\n")
}

// job runs a script as a job of a service, and wants its exit code.
func (p *process) job(t *testing.T, rollOut, service, script string, want int) {
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"bin/pushback": "#!/bin/sh\nexec " + program + " \"$@\"\n", "roll-out": "#!/bin/sh\nexec curl -fsS " + rollOut + "/" + service + "\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	action, err := filepath.Abs("../../deploy/github-action")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-e", "-o", "pipefail", "-c", script)
	command.Dir = dir
	command.Env = []string{
		"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "PUSHBACK_SERVER=" + p.url, "PUSHBACK_TOKEN_FILE=" + filepath.Join(p.dir, "token"),
		"SERVICE=" + service, "ENVIRONMENT=production", "VERSION=v2", "BUILD_TAG=jenkins-cart-7", "BUILD_URL=https://ci.example.org/7",
		"CI_ENVIRONMENT_NAME=production", "CI_COMMIT_SHORT_SHA=v2", "CI_JOB_ID=" + fmt.Sprint(len(service)), "CI_JOB_URL=https://ci.example.org/8", "GITLAB_USER_LOGIN=amy",
		"PUSHBACK_TOKEN=" + apiToken, "ACTION=" + action, "GITHUB_RUN_ID=9",
	}
	output, err := command.CombinedOutput()
	t.Logf("%s", output)
	if got := command.ProcessState.ExitCode(); got != want {
		t.Errorf("%s: exit code %d, want %d (%v)", service, got, want, err)
	}
}

// assistant asks over a pipe, as an editor does that starts the program.
func (p *process) assistant(t *testing.T) {
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "mcp", "-c", filepath.Join(p.dir, "pushback.yml"), "--server", p.url, "--token-file", filepath.Join(p.dir, "token"))
	s, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).Connect(t.Context(), &mcp.CommandTransport{Command: command}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	call := func(name string, in map[string]any, texts ...string) {
		t.Helper()
		answer, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: in})
		if err != nil {
			t.Fatal(err)
		}
		text := answer.Content[0].(*mcp.TextContent).Text
		for _, want := range texts {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", name, want, text)
			}
		}
	}
	key := p.report("well", "v0", sources.Succeeded, time.Now().Add(-20*time.Minute))
	call("changes", map[string]any{"service": "well"}, key, `"untrusted_data"`)
	call("explain", map[string]any{"change": key}, `"version":"v0"`)
	call("verdict", map[string]any{"service": "well", "version": "v99"}, `"result":"unknown"`)
	call("gate", map[string]any{"service": "well"}, `"open":`)
	call("coverage", nil, `"service":"well"`)
	call("backtest", nil, `"untrusted_data"`)
	call("rule_check", nil, `"rules":1`, `"diagnostics":[]`)
	call("propose_rule_patch", map[string]any{"file": "red.yml", "text": "team: shop\nrules: nothing\n"}, `"valid":false`, `+++ b/red.yml`)
	call("propose_rollback", map[string]any{"change": key, "why": "the log"}, `"notified":["chat"]`, "nothing to approve")
	call("propose_rollback", map[string]any{"change": key, "why": "the log"}, "proposed already")
	e := p.explain(key)
	if e.Order != nil || !strings.Contains(fmt.Sprint(e.Journal), "mcp") {
		t.Errorf("a proposal made an order, or is not in the journal: %s", describe(e))
	}
	if text, err := os.ReadFile(filepath.Join(p.dir, "rules/red.yml")); err != nil || string(text) != rule("once") {
		t.Error("a proposal was written")
	}
}
