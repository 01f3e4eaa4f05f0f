package server

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/watch"
)

func TestProposals(t *testing.T) {
	p := listen(t, nil)
	good := bad
	good.version, good.order, good.state, good.service = "v9", "", watch.Healthy, "shop"
	key := p.mustStore(good)
	got := post[api.Proposal](p, "/v1/changes/"+key+"/propose", `{"actor":"mcp","why":"errors in the log"}`, 200)
	if got.Order != "" || len(got.Notified) != 1 || !strings.Contains(got.Next, "nothing to approve") || got.Change != key || got.Page == "" {
		t.Errorf("without an order: %+v", got)
	}
	ordered := p.mustStore(bad)
	got = post[api.Proposal](p, "/v1/changes/"+ordered[:8]+"/propose", `{"actor":"mcp","why":"errors"}`, 200)
	if got.Order != "proposed" || got.Notified == nil || len(got.Notified) != 0 || !strings.Contains(got.Next, "pushback approve "+ordered) {
		t.Errorf("with an order: %+v", got)
	}
	post[api.Problem](p, "/v1/changes/"+key+"/propose", `{"actor":"mcp","why":""}`, 422)
	post[api.Problem](p, "/v1/changes/"+key+"/propose", `{"actor":" ","why":" "}`, 422)
	post[api.Problem](p, "/v1/changes/nobody/propose", `{"actor":"mcp","why":"x"}`, 404)
	if status, _, _ := p.ask("POST", "/v1/changes/"+key+"/propose", `{"actor":"mcp","why":"x"}`, "Content-Type", "application/json"); status != 401 {
		t.Errorf("without a token: %d", status)
	}
}
