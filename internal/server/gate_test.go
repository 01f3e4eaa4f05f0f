package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
)

// post sends JSON with the token, fails the test unless the status is want, and
// decodes the answer into a T.
func post[T any](p *testServer, path, body string, want int) (answer T) {
	p.t.Helper()
	status, text, _ := p.ask(http.MethodPost, path, body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	if status != want {
		p.t.Fatalf("POST %s: %d %s, want %d", path, status, text, want)
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		p.t.Fatalf("POST %s: %v: %s", path, err, text)
	}
	return answer
}

func TestGate(t *testing.T) {
	p := listen(t, nil)
	gate := func(query string) api.Gate { t.Helper(); return get[api.Gate](p, "/v1/gate/cart"+query) }
	if g := gate(""); !g.Open || !g.Data.OK || g.Data.Bad || g.Environment != "production" || g.Obstacles == nil {
		t.Errorf("nothing stands in the way: %+v", g)
	}
	key := p.mustStore(bad)
	if g := gate(""); g.Open || g.Data.OK || !g.Data.Bad || g.Obstacles[0].Change != key || !strings.Contains(g.Reason, "1.4.2 is bad") {
		t.Errorf("a bad change: %+v", g)
	}
	if g := gate("?fix=" + key[:8]); !g.Open || !g.Data.Bad {
		t.Errorf("its fix: %+v", g)
	}
	if g := gate("?environment=staging"); !g.Open {
		t.Errorf("another environment: %+v", g)
	}
	for path, want := range map[string]int{
		"/v1/gate/cart?fail=true": 423, "/v1/gate/cart?fail=true&fix=" + key: 200, "/v1/gate/search?fail=true": 200,
		"/v1/gate/cart?fix=nothing": 404,
	} {
		if status, body, _ := p.ask(http.MethodGet, path, ""); status != want {
			t.Errorf("GET %s: %d %s, want %d", path, status, body, want)
		}
	}
	cleared := post[api.ChangeSummary](p, "/v1/changes/"+key+"/clear", `{"actor":"amy","why":"the marketing mail"}`, 200)
	if cleared.Standing != "cleared" || !gate("").Open {
		t.Errorf("cleared: %+v", cleared)
	}
	post[api.Problem](p, "/v1/changes/"+key+"/clear", `{"actor":"amy"}`, 409)
}

func TestHolds(t *testing.T) {
	p := listen(t, nil)
	h := post[api.Hold](p, "/v1/holds", `{"service":"cart","why":"incident 7","actor":"amy"}`, 200)
	post[api.Hold](p, "/v1/holds", `{"why":"all","actor":"bob","until":"`+testNow.Add(time.Hour).Format(time.RFC3339)+`"}`, 200)
	post[api.Problem](p, "/v1/holds", `{"why":"all","actor":"bob","until":"`+testNow.Format(time.RFC3339)+`"}`, 422)
	post[api.Problem](p, "/v1/holds", `{"why":"","actor":"bob"}`, 422)
	if all := get[api.Status](p, "/v1/status").Holds; len(all) != 2 || all[0].ID != h.ID || all[0].Why != "incident 7" {
		t.Errorf("holds: %+v", all)
	}
	p.show("/changes", 200, "Deploys of cart are held by amy: incident 7 (pushback release "+h.ID+")", "Deploys of every service are held by bob")
	if g := get[api.Gate](p, "/v1/gate/cart"); g.Open || g.Data.Bad || len(g.Obstacles) != 2 {
		t.Errorf("held: %+v", g)
	}
	post[api.Hold](p, "/v1/holds/"+h.ID+"/release", `{"actor":"bob"}`, 200)
	post[api.Problem](p, "/v1/holds/"+h.ID+"/release", `{"actor":"bob"}`, 404)
	if left := get[api.Holds](p, "/v1/holds").Holds; len(left) != 1 || left[0].Service != "" {
		t.Errorf("left: %+v", left)
	}
	for _, path := range []string{"/v1/holds", "/v1/holds/h1/release"} {
		if status, _, _ := p.ask(http.MethodPost, path, `{"why":"x","actor":"x"}`, "Content-Type", "application/json"); status != 401 {
			t.Errorf("POST %s without a token: %d", path, status)
		}
	}
}

// Flagger's webhooks can send no header of their own, only a name and a password
// within the address.
func TestFlagger(t *testing.T) {
	p := listen(t, func(o *Options) { o.Listen = "0.0.0.0:8484" })
	f := func(path, body string, want int, headers ...string) {
		t.Helper()
		headers = append([]string{"Content-Type", "application/json"}, headers...)
		if status, answer, _ := p.ask(http.MethodPost, path, body, headers...); status != want {
			t.Errorf("POST %s %s: %d %s, want %d", path, body, status, answer, want)
		}
	}
	r, err := http.NewRequest(http.MethodGet, "http://x", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("flagger", token)
	basic := []string{"Authorization", r.Header.Get("Authorization")}
	canary := `{"name":"cart","namespace":"shop","phase":"Progressing","checksum":"85d5","metadata":{"eventMessage":"x"}}`
	f("/v1/flagger/confirm", canary, 401)
	f("/v1/flagger/confirm", canary, 401, "Authorization", "Basic Zm9vOmJhcg==")
	f("/v1/flagger/confirm", canary, 200, basic...)
	f("/v1/flagger/rollback", canary, 409, basic...)
	f("/v1/reload", "", 401, basic...)
	p.mustStore(bad)
	f("/v1/flagger/confirm", canary, 423, basic...)
	f("/v1/flagger/rollback", canary, 200, basic...)
	f("/v1/flagger/rollback", strings.Replace(canary, `"eventMessage":"x"`, `"environment":"staging"`, 1), 409, basic...)
	f("/v1/flagger/confirm", `{"name":""}`, 422, basic...)

	// The canary of the fix is not rolled back for the bad version that it replaces.
	fix := bad
	fix.version, fix.previous, fix.ago, fix.grade, fix.order = "1.4.3", "1.4.2", 5*time.Minute, detector.None, ""
	p.mustStore(fix)
	version := func(v string) string { return strings.Replace(canary, `"eventMessage":"x"`, `"version":"`+v+`"`, 1) }
	f("/v1/flagger/rollback", version("1.4.3"), 409, basic...)
	f("/v1/flagger/rollback", version("1.4.2"), 200, basic...)
	f("/v1/flagger/confirm-promotion", version("1.4.3"), 200, basic...)
	f("/v1/flagger/confirm-promotion", version("1.4.2"), 423, basic...)
	f("/v1/flagger/confirm-promotion", version("9.9"), 423, basic...)
	f("/v1/flagger/confirm-promotion", canary, 423, basic...)
	f("/v1/flagger/confirm-promotion", strings.Replace(canary, "85d5", "1.4.3", 1), 200, basic...)
	f("/v1/flagger/confirm-promotion", version("1.4.3"), 401)

	_, answer, _ := p.ask(http.MethodPost, "/v1/flagger/confirm-promotion", `{"name":"cart"}`, append([]string{"Content-Type", "application/json"}, basic...)...)
	if !strings.Contains(answer, "it was not said which version of cart in production is meant") {
		t.Errorf("the answer to a canary without a version: %s", answer)
	}
}

// The link of a message decides its one order, once, without another token.
// Reading its page decides nothing.
func TestApprovalLink(t *testing.T) {
	f := func(verb, want string) {
		t.Helper()
		p := listen(t, func(o *Options) { o.Listen = "0.0.0.0:8484" })
		key := p.mustStore(bad)
		o, err := p.store.Order(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		link := "/changes/" + key + "/approve?token=" + approvals.Token(o)
		p.show(link, 200, "cart 1.4.2", "Roll back to 1.4.1", approvals.Token(o))
		p.show(link, 200, "Roll back to 1.4.1")
		p.show("/changes/"+key+"/approve", 403, "this approval link is invalid, expired or already used")
		p.show(link[:len(link)-1], 403, "this approval link is invalid, expired or already used")
		send := func(token, actor string, want int, texts ...string) {
			t.Helper()
			form := url.Values{"token": {token}, "actor": {actor}, "why": {"looks bad"}}.Encode()
			status, page, _ := p.ask(http.MethodPost, "/changes/"+key+"/"+verb, form, "Content-Type", "application/x-www-form-urlencoded")
			for _, text := range texts {
				if !strings.Contains(page, text) {
					t.Errorf("no %q in the page: %s", text, page)
				}
			}
			if status != want {
				t.Errorf("%s with %q: %d %s, want %d", verb, token, status, page, want)
			}
		}
		send("forged", "mallory", 403)
		send("", "mallory", 303)
		send(approvals.Token(o), " ", 400, "the decision needs a name")
		send(approvals.Token(o), "amy", 200, "Decided by amy (by the link of the message)")
		send(approvals.Token(o), "amy", 403, "is already "+want)
		p.show(link, 403, "is already "+want)
		if o, _ = p.store.Order(t.Context(), key); string(o.State) != want || o.Actor != "amy (by the link of the message)" {
			t.Errorf("%s by %q", o.State, o.Actor)
		}
		if log := p.log.String(); strings.Contains(log, approvals.Token(o)) {
			t.Error("the token of a link stands in the log")
		}
	}
	f("approve", "approved")
	f("reject", "cancelled")
}
