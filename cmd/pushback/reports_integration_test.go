//go:build integration

package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/internal/proof/forges"
	"github.com/pushback/pushback/internal/proof/servertest"
)

const (
	githubToken = "github_pat_11ABCDEFG0123456789"
	goodSHA     = "1111111111111111111111111111111111111111"
	badSHA      = "2222222222222222222222222222222222222222"
)

// deployment is a GitHub deployment of acme/cart.
type deployment struct {
	id  int64
	sha string
}

// deliver sends a signed deployment_status, as GitHub does, and returns the answer's status.
func (p *process) deliver(d deployment, statusID int64, state, description string) int {
	p.t.Helper()
	at := time.Now().UTC().Format(time.RFC3339)
	body, err := json.Marshal(map[string]any{
		"action": "created", "repository": map[string]any{"full_name": "acme/cart"},
		"deployment":        map[string]any{"id": d.id, "sha": d.sha, "ref": "main", "environment": "production", "created_at": at},
		"deployment_status": map[string]any{"id": statusID, "state": state, "description": description, "created_at": at},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return p.request(http.MethodPost, "/hooks/github", http.Header{
		"X-Github-Event": {"deployment_status"}, "X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}, body, nil)
}

// reporting is a daemon that reports to a scripted GitHub, and its service.
func reporting(t *testing.T) (*process, *forges.GitHub, *target, *deployTool) {
	t.Helper()
	hub := forges.NewGitHub(t, githubToken, map[string]forges.Pull{
		goodSHA: {Number: 16, MergeCommitSHA: goodSHA, MergedAt: "2026-11-29T10:00:00Z"},
		badSHA:  {Number: 17, MergeCommitSHA: badSHA, MergedAt: "2026-11-29T11:00:00Z"},
	})
	cart, tool := newTarget(t), newDeployTool(t, nil)
	text := settings(metricStore(t, servertest.Prometheus, cart), tool, map[string]*target{"cart": cart})
	text = strings.Replace(text, "  list:", "  aliases: aliases.csv\n  list:", 1)
	text += fmt.Sprintf("sources: {github: {kind: github, secret_files: [secret]}}\nreports: {hub: {kind: github, api_url: %q, token_file: hubtoken}}\n", hub.URL)
	p := &process{t: t, dir: t.TempDir()}
	p.write("hubtoken", githubToken+"\n")
	p.write("aliases.csv", "alias,service\nacme/cart,cart\n")
	return p.begin(text, rule("once")), hub, cart, tool
}

// A good deployment and a bad one, as people see them on GitHub: the verdict on the commit and the
// deployment, and one comment on the pull request, which says at the end what was done.
func TestReportsOnGitHub(t *testing.T) {
	t.Parallel()
	p, hub, cart, tool := reporting(t)
	good, bad2 := deployment{101, goodSHA}, deployment{102, badSHA}
	if got := p.deliver(good, 1, "success", "deployed"); got != http.StatusCreated {
		t.Fatalf("the delivery: %d", got)
	}
	await(t, "a healthy deployment", 100*time.Second, func() bool { return len(hub.DeploymentStatuses(good.id)) == 1 })
	p.deliver(bad2, 2, "success", "deployed")
	cart.fails.Store(bad)
	await(t, "the call of the hook", 60*time.Second, func() bool { tool.mu.Lock(); defer tool.mu.Unlock(); return len(tool.keys) == 1 })
	cart.fails.Store(quiet)
	await(t, "the comment that says so", 100*time.Second, func() bool {
		all := hub.Comments()
		return len(all) == 2 && strings.Contains(all[1].Body, "well again")
	})
	for _, c := range hub.Comments() {
		t.Logf("pull request %d, edited %d times:\n%s", c.On, c.Edits, c.Body)
	}
	for _, s := range hub.Statuses() {
		t.Logf("%.7s %+v", s.SHA, s)
	}
	t.Logf("deployments: %+v %+v", hub.DeploymentStatuses(good.id), hub.DeploymentStatuses(bad2.id))
	if got := p.deliver(bad2, 3, "failure", hub.DeploymentStatuses(bad2.id)[0].Description); got != http.StatusAccepted {
		t.Errorf("our own deployment status came back as a delivery, and was answered with %d", got)
	}
	checkReports(t, hub, good, bad2)
}

func checkReports(t *testing.T, hub *forges.GitHub, good, bad deployment) {
	t.Helper()
	comments, last := hub.Comments(), map[string]string{}
	for _, s := range hub.Statuses() {
		last[s.SHA] = s.State + " " + s.Context
	}
	if comments[0].On != 16 || comments[1].On != 17 || !strings.Contains(comments[1].Body, "rolled back to "+goodSHA) || !strings.Contains(comments[1].Body, "errors 0.") {
		t.Errorf("comments: %+v", comments)
	}
	if last[goodSHA] != "success pushback/cart production" || last[badSHA] != "failure pushback/cart production" {
		t.Errorf("the last statuses of the commits: %v", last)
	}
	g, b := hub.DeploymentStatuses(good.id), hub.DeploymentStatuses(bad.id)
	if len(g) != 1 || g[0].State != "success" || b[0].State != "failure" || *b[0].AutoInactive {
		t.Errorf("deployment statuses: %+v, %+v", g, b)
	}
}

// The process is killed when GitHub has the comment and the database does not know it: the next run finds the
// comment, and writes no second one.
func TestReportsAfterACrash(t *testing.T) {
	t.Parallel()
	p, hub, _, _ := reporting(t)
	p.kill()
	armed, err := withCrashPoints()
	if err != nil {
		t.Fatal(err)
	}
	p.binary, p.env = armed, append(os.Environ(), crashpoint.EnvVariable+"="+string(crashpoint.AfterReport))
	p.start()
	p.deliver(deployment{101, goodSHA}, 1, "success", "deployed")
	select {
	case <-p.ended:
	case <-time.After(slack * 30 * time.Second):
		t.Fatal("the process did not crash")
	}
	if got := hub.Comments(); len(got) != 1 || got[0].Edits != 0 {
		t.Fatalf("before the crash: %+v", got)
	}
	p.binary, p.env = "", nil
	p.start()
	await(t, "the update of the comment", 30*time.Second, func() bool { return hub.Comments()[0].Edits > 0 })
	await(t, "a verdict", 100*time.Second, func() bool { return strings.Contains(hub.Comments()[0].Body, "healthy") })
	if got := hub.Comments(); len(got) != 1 {
		t.Errorf("%d comments", len(got))
	}
}
