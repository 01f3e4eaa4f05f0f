package server

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources/changes"
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
	if !strings.Contains(answer, `"held_deployments":[{"report":"hub","service":"cart","environment":"production"`) || !strings.Contains(answer, `"waits_for":"staging"`) {
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
