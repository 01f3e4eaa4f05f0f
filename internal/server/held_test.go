package server

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/gitlab"
)

const asked = `{"action":"requested","environment":"production","deployment_callback_url":"https://api.github.com/repos/octo/cart/actions/runs/5/deployment_protection_rule",
	"deployment":{"id":7,"sha":"0123456789abcdef0123456789abcdef01234567"},"repository":{"full_name":"octo/cart"}}`

// What comes of a signed question: it is stored before it is answered, once, under the catalogue's name, and is no event.
func TestHeldDeployments(t *testing.T) {
	var p *testServer
	var failing error
	protect := func(ctx context.Context, source string, q changes.Question) (store.Protection, bool, error) {
		if failing != nil {
			return store.Protection{}, false, failing
		}
		w := notify.Wait{ID: "/" + q.Deployment, Environment: "staging"}
		held := store.Protection{
			ID: store.ProtectionID("hub", w), Adapter: "hub", AskedAt: testNow,
			Held: store.Held{Source: source, Service: q.Service, Environment: q.Environment, Version: q.Version, Wait: w},
		}
		added, err := p.store.AddProtection(ctx, held)
		return held, added, err
	}
	ask := func(body, signature string, want int) {
		t.Helper()
		status, answer, _ := p.ask("POST", "/hooks/github", body, "Content-Type", "application/json", "X-GitHub-Event", "deployment_protection_rule", "X-Hub-Signature-256", signature)
		if status != want {
			t.Errorf("%d %s, want %d", status, answer, want)
		}
	}
	p = listen(t, func(o *Options) { withGitHub(t, "cart")(o); o.Protect = protect })
	ask(asked, sign(asked+" "), 401)
	ask(asked, sign(asked), 201)
	ask(asked, sign(asked), 200)
	other := strings.ReplaceAll(asked, "octo/cart", "octo/payments")
	ask(other, sign(other), 403)
	broken := strings.Replace(asked, `"id":7`, `"id":0`, 1)
	ask(broken, sign(broken), 400)
	for err, want := range map[error]int{changes.Bad("another address"): 400, changes.Ignored("not protected"): 202, errors.New("disk full"): 503} {
		failing = err
		ask(asked, sign(asked), want)
	}
	open, err := p.store.OpenProtections(t.Context())
	if err != nil || len(open) != 1 || open[0].Service != "cart" || open[0].Source != "github" || p.changes() != 0 {
		t.Errorf("%+v, %v; %d changes", open, err, p.changes())
	}
	_, answer, _ := p.ask("GET", "/v1/status", "", "Authorization", "Bearer "+token)
	if !strings.Contains(answer, `"held_deployments":[{"what":"deployment","report":"hub","service":"cart","environment":"production"`) || !strings.Contains(answer, `"waits_for":"staging"`) {
		t.Error(answer)
	}
}

const askedByLab = `{"object_kind":"merge_request","project":{"id":42,"path_with_namespace":"octo/cart"},"external_approval_rule":{"id":1},"object_attributes":
	{"iid":17,"state":"opened","target_branch":"production","last_commit":{"id":"0123456789abcdef0123456789abcdef01234567"}}}`

// What comes of a status check of GitLab: it is stored, is no event, and is no way for events to come in.
func TestHeldMergeRequests(t *testing.T) {
	source, err := gitlab.New(changes.Options{Name: "gitlab"}, gitlab.Config{SecretFiles: []string{secretFile(t)}})
	if err != nil {
		t.Fatal(err)
	}
	var p *testServer
	var asked changes.Question
	p = listen(t, func(o *Options) {
		withGitHub(t)(o)
		o.Sources = map[string]Endpoint{"gitlab": {Source: source, Services: []string{"cart"}}}
		o.Protect = func(ctx context.Context, source string, q changes.Question) (store.Protection, bool, error) {
			asked = q
			held := store.Protection{ID: "lab/1", Adapter: "lab", AskedAt: testNow, Held: store.Held{Source: source, Service: q.Service, Wait: notify.Wait{What: "merge request 17"}}}
			added, err := p.store.AddProtection(ctx, held)
			return held, added, err
		}
	})
	ask := func(body, header, signature string, want int) {
		t.Helper()
		if status, answer, _ := p.ask("POST", "/hooks/gitlab", body, "Content-Type", "application/json", header, signature); status != want {
			t.Errorf("%d %s, want %d", status, answer, want)
		}
	}
	hex := func(body string) string { return strings.TrimPrefix(sign(body), "sha256=") }
	ask(askedByLab, "X-GitLab-Signature", hex(askedByLab+" "), 401)
	ask(askedByLab, "X-GitLab-Signature", sign(askedByLab), 401)
	ask(askedByLab, "X-GitLab-Token", shared, 400)
	deployed := `{"object_kind":"deployment","status":"success","status_changed_at":"2026-11-22T21:50:00Z","deployment_id":7,"environment":"production","short_sha":"01234567","project":{"id":42,"path_with_namespace":"octo/cart"}}`
	ask(deployed, "X-GitLab-Signature", hex(deployed), 400)
	closed := strings.Replace(askedByLab, "opened", "closed", 1)
	ask(closed, "X-GitLab-Signature", hex(closed), 202)
	if p.changes() != 0 || asked.Service != "" {
		t.Errorf("%d changes, asked %+v", p.changes(), asked)
	}
	ask(askedByLab, "X-GitLab-Signature", hex(askedByLab), 201)
	ask(askedByLab, "X-GitLab-Signature", hex(askedByLab), 200)
	if asked.Service != "cart" || asked.Environment != "production" || asked.Callback != "/projects/42/merge_requests/17/status_checks/1" || p.changes() != 0 {
		t.Errorf("%+v", asked)
	}
	if _, answer, _ := p.ask("GET", "/v1/status", "", "Authorization", "Bearer "+token); !strings.Contains(answer, `"held_deployments":[{"what":"merge request 17","report":"lab","service":"cart"`) {
		t.Error(answer)
	}
}

// Without a report that answers, a deployment is ignored with the reason.
func TestNobodyAnswers(t *testing.T) {
	p := listen(t, withGitHub(t))
	status, answer, _ := p.ask("POST", "/hooks/github", asked, "Content-Type", "application/json", "X-GitHub-Event", "deployment_protection_rule", "X-Hub-Signature-256", sign(asked))
	if status != 202 || !strings.Contains(answer, "docs/reports.md") {
		t.Errorf("%d %s", status, answer)
	}
}
