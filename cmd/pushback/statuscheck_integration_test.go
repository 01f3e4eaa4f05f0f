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
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/internal/proof/forges"
	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
)

const gitlabToken = "glpat-kX7vQ2mZpR9tWc4bNf8s"

// merging is a daemon that holds merge requests into live back until production is well, with a scripted GitLab.
func merging(t *testing.T, wait string) (*process, *forges.GitLab, *target) {
	t.Helper()
	lab := forges.NewGitLab(t, gitlabToken, map[string]int64{goodSHA: 0, badSHA: 0})
	cart, tool := newTarget(t), newDeployTool(t, nil)
	text := settings(metricStore(t, servertest.Prometheus, cart), tool, map[string]*target{"cart": cart})
	text = strings.Replace(text, "  list:", "  aliases: aliases.csv\n  list:", 1)
	text += fmt.Sprintf("sources: {gitlab: {kind: gitlab, secret_files: [secret]}}\n"+
		"reports: {lab: {kind: gitlab, url: %q, token_file: labtoken, status: false, protection: {live: production}, wait_at_most: %s}}\n", lab.URL, wait)
	p := &process{t: t, dir: t.TempDir()}
	p.write("labtoken", gitlabToken+"\n")
	p.write("aliases.csv", "alias,service\nacme/cart,cart\n")
	return p.begin(text, rule("once")), lab, cart
}

// askMerge sends the question of an external status check, as GitLab does, and returns the answer's status.
func (p *process) askMerge(merge int64, sha, branch string) int {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{
		"object_kind": "merge_request", "event_type": "merge_request", "project": map[string]any{"id": 42, "path_with_namespace": "acme/cart"},
		"object_attributes":      map[string]any{"iid": merge, "state": "opened", "target_branch": branch, "source_branch": "main", "target_project_id": 42, "last_commit": map[string]any{"id": sha}},
		"external_approval_rule": map[string]any{"id": forges.StatusCheck, "name": "Pushback", "external_url": "https://pushback.example.org/hooks/gitlab"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return p.request(http.MethodPost, "/hooks/gitlab", http.Header{"X-Gitlab-Signature": {hex.EncodeToString(mac.Sum(nil))}}, body, nil)
}

// deployed sends a deployment of GitLab that succeeded.
func (p *process) deployed(id int, sha string) {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{
		"object_kind": "deployment", "status": "success", "status_changed_at": time.Now().UTC().Format(time.RFC3339), "deployment_id": id, "environment": "production",
		"short_sha": sha[:8], "commit_url": "https://gitlab.example.org/acme/cart/-/commit/" + sha, "project": map[string]any{"id": 42, "path_with_namespace": "acme/cart"},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if got := p.request(http.MethodPost, "/hooks/gitlab", http.Header{"X-Gitlab-Token": {secret}}, body, nil); got != http.StatusCreated {
		p.t.Fatalf("the deployment of %.7s: %d", sha, got)
	}
}

// noteOf is the one note on a merge request.
func noteOf(t *testing.T, lab *forges.GitLab, merge int64) (found forges.Comment) {
	t.Helper()
	n := 0
	for _, note := range lab.Notes() {
		if note.On == merge && strings.Contains(note.Body, "status check 1") {
			found = note
			n++
		}
	}
	if n != 1 {
		t.Errorf("merge request %d has %d notes: %+v", merge, n, lab.Notes())
	}
	t.Logf("merge request %d is %s; its note was edited %d times:\n%s", merge, lab.CheckOf(merge), found.Edits, found.Body)
	return found
}

// checks is how often a status was sent.
func checks(lab *forges.GitLab) (n int) {
	for _, call := range lab.Calls() {
		if strings.HasSuffix(call, "/status_check_responses") {
			n++
		}
	}
	return n
}

// GitLab holds two merge requests back. The one whose commit does well in production passes, though the process was killed
// meanwhile; the one whose commit regresses there fails.
func TestHeldMergeRequests(t *testing.T) {
	t.Parallel()
	p, lab, cart := merging(t, "2h")
	lab.Push(17, goodSHA)
	lab.Push(18, badSHA)
	if got := []int{p.askMerge(17, goodSHA, "live"), p.askMerge(17, goodSHA, "live"), p.askMerge(17, goodSHA, "main")}; fmt.Sprint(got) != "[201 200 202]" {
		t.Fatalf("asked twice, and of a branch that nothing protects: %d", got)
	}
	p.deployed(101, goodSHA)
	await(t, "the watch", 30*time.Second, func() bool {
		var s api.Status
		p.request(http.MethodGet, "/v1/status", nil, nil, &s)
		return s.Watches == 1
	})
	if got := p.run("status", "--server", p.url, "--token-file", filepath.Join(p.dir, "token")); !strings.Contains(got, "held back: merge request 17 of cart "+goodSHA+" to live, for a healthy verdict in production") {
		t.Error(got)
	}
	p.kill()
	if lab.CheckOf(17) != "pending" || checks(lab) != 0 {
		t.Fatalf("answered before the verdict: %+v", lab.CheckStatuses())
	}
	p.start()
	await(t, "a passed check", 100*time.Second, func() bool { return lab.CheckOf(17) == "passed" })
	p.askMerge(18, badSHA, "live")
	p.deployed(102, badSHA)
	cart.fails.Store(bad)
	await(t, "a failed check", 60*time.Second, func() bool { return lab.CheckOf(18) == "failed" })
	await(t, "both notes", 10*time.Second, func() bool { return len(lab.Notes()) >= 2 })
	if n := noteOf(t, lab, 17); !strings.Contains(n.Body, "Pushback: approved") || !strings.Contains(n.Body, "errors 0") {
		t.Error("the note on 17 is another")
	}
	if n := noteOf(t, lab, 18); !strings.Contains(n.Body, "Pushback: rejected") || !strings.Contains(n.Body, "is bad") {
		t.Error("the note on 18 is another")
	}
}

// A merge request that failed because nobody had deployed its commit is decided anew when somebody presses Retry,
// and not before.
func TestHeldMergeRequestRetried(t *testing.T) {
	t.Parallel()
	p, lab, _ := merging(t, "1m")
	lab.Push(17, goodSHA)
	p.askMerge(17, goodSHA, "live")
	await(t, "a failed check", 90*time.Second, func() bool { return lab.CheckOf(17) == "failed" && len(lab.Notes()) == 1 })
	if n := noteOf(t, lab, 17); !strings.Contains(n.Body, "nobody has reported") {
		t.Error("the note is another")
	}
	p.deployed(101, goodSHA)
	await(t, "a healthy verdict", 100*time.Second, func() bool {
		var v api.Verdict
		p.request(http.MethodGet, "/v1/verdicts/cart/"+goodSHA+"?environment=production", nil, nil, &v)
		return v.Result == "ok"
	})
	if checks(lab) != 1 {
		t.Errorf("told unasked: %+v", lab.CheckStatuses())
	}
	lab.Retry(17)
	if got := p.askMerge(17, goodSHA, "live"); got != http.StatusCreated {
		t.Errorf("the retry: %d", got)
	}
	await(t, "a passed check", 30*time.Second, func() bool { return lab.CheckOf(17) == "passed" })
	await(t, "the note that says so", 10*time.Second, func() bool { return lab.Notes()[0].Edits == 1 })
	if n := noteOf(t, lab, 17); !strings.Contains(n.Body, "Pushback: approved") {
		t.Error("the note is another")
	}
}

// The process is killed when GitLab has the status and the note, and the database does not know it: the next run sets the
// same status once more, which GitLab takes, and writes no second note.
func TestHeldMergeRequestAfterACrash(t *testing.T) {
	t.Parallel()
	p, lab, _ := merging(t, "1m")
	p.kill()
	armed, err := withCrashPoints()
	if err != nil {
		t.Fatal(err)
	}
	p.binary, p.env = armed, append(os.Environ(), crashpoint.EnvVariable+"="+string(crashpoint.AfterAnswer))
	p.start()
	lab.Push(17, goodSHA)
	if got := p.askMerge(17, goodSHA, "live"); got != http.StatusCreated {
		t.Fatalf("asked: %d", got)
	}
	select {
	case <-p.ended:
	case <-time.After(slack * 120 * time.Second):
		t.Fatal("the process did not crash")
	}
	p.binary, p.env = "", nil
	p.start()
	await(t, "the same status again", 30*time.Second, func() bool { return checks(lab) == 2 })
	await(t, "that nothing waits", 30*time.Second, func() bool {
		var s api.Status
		p.request(http.MethodGet, "/v1/status", nil, nil, &s)
		return len(s.Waiting) == 0
	})
	if n := noteOf(t, lab, 17); checks(lab) != 2 || lab.CheckOf(17) != "failed" || n.Edits != 0 {
		t.Errorf("%d statuses sent: %+v", checks(lab), lab.CheckStatuses())
	}
}
