//go:build integration

package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/internal/proof/forges"
)

// ask sends a signed deployment_protection_rule, as GitHub does, and returns the answer's status.
func (p *process) ask(d deployment, environment, callback string) int {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{
		"action": "requested", "environment": environment, "event": "push", "deployment_callback_url": callback,
		"deployment": map[string]any{"id": d.id, "sha": d.sha, "ref": "main", "environment": environment},
		"repository": map[string]any{"full_name": "acme/cart"}, "installation": map[string]any{"id": 9},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return p.request(http.MethodPost, "/hooks/github", http.Header{
		"X-Github-Event": {"deployment_protection_rule"}, "X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}, body, nil)
}

// protect has the report of reporting hold deployments to eu back until production is well.
func protect(p *process, wait string) {
	p.t.Helper()
	p.kill()
	file := filepath.Join(p.dir, "pushback.yml")
	text, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	changed := strings.Replace(string(text), "token_file: hubtoken", "token_file: hubtoken, protection: {eu: production}, wait_at_most: "+wait, 1)
	if changed == string(text) {
		p.t.Fatal("there is no report in the settings")
	}
	p.write("pushback.yml", changed)
}

// GitHub holds two deployments back. The one whose version does well in production is approved, though the process
// was killed meanwhile; the one that regresses there is rejected at once. Each has one answer.
func TestHeldDeployments(t *testing.T) {
	t.Parallel()
	p, hub, cart, _ := reporting(t)
	protect(p, "2h")
	p.start()
	good, bad2 := deployment{201, goodSHA}, deployment{202, badSHA}
	callback := hub.Hold(5, "eu")
	if got := p.ask(good, "eu", strings.Replace(callback, "127.0.0.1", "127.0.0.2", 1)); got != http.StatusBadRequest {
		t.Errorf("an address elsewhere: %d", got)
	}
	if got := p.ask(good, "staging", callback); got != http.StatusAccepted {
		t.Errorf("an environment that nothing protects: %d", got)
	}
	if got := []int{p.ask(good, "eu", callback), p.ask(good, "eu", callback)}; got[0] != http.StatusCreated || got[1] != http.StatusOK {
		t.Fatalf("asked twice: %d", got)
	}
	p.deliver(deployment{101, goodSHA}, 1, "success", "deployed")
	await(t, "the watch", 30*time.Second, func() bool { return len(hub.Statuses()) > 0 })
	p.kill()
	if got := hub.Reviews(); len(got) != 0 {
		t.Fatalf("answered before the verdict: %+v", got)
	}
	p.start()
	await(t, "an approval", 100*time.Second, func() bool { return len(hub.Reviews()) == 1 })
	p.ask(bad2, "eu", hub.Hold(6, "eu"))
	p.deliver(deployment{102, badSHA}, 2, "success", "deployed")
	cart.fails.Store(bad)
	await(t, "a rejection", 60*time.Second, func() bool { return len(hub.Reviews()) == 2 })
	checkReviews(t, hub)
}

func checkReviews(t *testing.T, hub *forges.GitHub) {
	t.Helper()
	for _, r := range hub.Reviews() {
		t.Logf("run %d, %s: %s\n%s", r.Run, r.Environment, r.State, r.Comment)
	}
	all := hub.Reviews()
	if all[0].Run != 5 || all[0].State != "approved" || !strings.Contains(all[0].Comment, "healthy") || !strings.Contains(all[0].Comment, "errors 0") ||
		all[1].Run != 6 || all[1].State != "rejected" || !strings.Contains(all[1].Comment, "is bad") {
		t.Errorf("%+v", all)
	}
	if calls := posts(hub); calls != 2 {
		t.Errorf("%d answers were sent", calls)
	}
}

// posts is how often an answer was sent.
func posts(hub *forges.GitHub) (n int) {
	for _, call := range hub.Calls() {
		if strings.HasSuffix(call, "/deployment_protection_rule") {
			n++
		}
	}
	return n
}

// The process is killed when GitHub has the answer and the database does not know it: the next run sends the
// same once more, which GitHub refuses, and then no more. Nobody deployed to production, so that it is a rejection.
func TestHeldDeploymentAfterACrash(t *testing.T) {
	t.Parallel()
	p, hub, _, _ := reporting(t)
	protect(p, "1m")
	armed, err := withCrashPoints()
	if err != nil {
		t.Fatal(err)
	}
	p.binary, p.env = armed, append(os.Environ(), crashpoint.EnvVariable+"="+string(crashpoint.AfterAnswer))
	p.start()
	if got := p.ask(deployment{201, goodSHA}, "eu", hub.Hold(5, "eu")); got != http.StatusCreated {
		t.Fatalf("asked: %d", got)
	}
	select {
	case <-p.ended:
	case <-time.After(slack * 120 * time.Second):
		t.Fatal("the process did not crash")
	}
	p.binary, p.env = "", nil
	p.start()
	await(t, "the same answer again", 30*time.Second, func() bool { return posts(hub) == 2 })
	time.Sleep(12 * time.Second) // more than a sweep
	all := hub.Reviews()
	if posts(hub) != 2 || len(all) != 1 || all[0].State != "rejected" || !strings.Contains(all[0].Comment, "nobody has reported") {
		t.Errorf("%d answers sent: %+v", posts(hub), all)
	}
}
