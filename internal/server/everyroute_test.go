package server

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
)

// rights are what somebody may do in the table of routes: the letters of read, gate, report, respond, operate, for the
// services of the team shop; and upper-case letters for every service.
type rights string

// needed is what every address needs, by the letters of rights; "" is everybody's. An address that is not here fails
// the test, so that whoever adds one decides who may use it. The fixture's change and hold are of the service cart,
// which the team shop owns.
var needed = map[string]string{
	"GET /healthz": "", "GET /readyz": "", "GET /schema/rules.json": "", "GET /signin": "", "POST /signin": "", "POST /signout": "", "GET /assets/{name...}": "", "POST /hooks/{source}": "", "POST /receivers/{receiver}": "",
	"GET /changes/{key}/approve": "", "GET /signin/provider": "", "GET /signin/callback": "", "GET /v1/whoami": "w",
	"POST /services/{service}/hold": "s", "POST /services/{service}/release": "s",
	"GET /changes": "r", "GET /services/{service}": "r",
	"GET /holds": "r", "GET /orders": "r", "GET /incidents": "r", "GET /audit": "r", "GET /connections": "r",
	"POST /orders/{key}/approve": "s", "POST /orders/{key}/reject": "s", "POST /holds": "s", "GET /holds/{id}/release": "s", "POST /holds/{id}/release": "s",
	"POST /holds/freeze": "O", "GET /holds/unfreeze": "O", "POST /holds/unfreeze": "O", "GET /holds/lift": "O", "POST /holds/lift": "O", "GET /v1/freeze": "r", "POST /v1/freeze": "O", "POST /v1/freeze/lift": "O",
	"POST /incidents": "o", "GET /incidents/{id}/end": "o", "POST /incidents/{id}/end": "o", "GET /incidents/{id}/remove": "o", "POST /incidents/{id}/remove": "o", "POST /v1/incidents/{id}/end": "o",
	"GET /rules/{rule}/promote": "o", "POST /rules/{rule}/promote": "o", "GET /rules/{rule}/demote": "o", "POST /rules/{rule}/demote": "o", "GET /v1/audit/export": "O",
	"GET /metrics": "r", "GET /openapi.json": "r", "GET /docs": "r", "GET /": "r", "GET /changes/{key}": "r", "GET /v1/changes/{name}/journal.jsonl": "r", "GET /v1/changes/{name}/summary.md": "r",
	"GET /sources": "r", "GET /rules": "r", "GET /rules/{rule}": "r",
	"GET /v1/status": "r", "GET /v1/services": "r", "GET /v1/sources": "r", "GET /v1/changes": "r", "GET /v1/changes/{name}": "r", "GET /v1/changes/{name}/records": "r", "GET /v1/changes/{name}/plot.png": "r", "GET /v1/changes/{name}/plot.svg": "r", "GET /pictures/{key}/{until}/{signature}/{file}": "",
	"GET /v1/watched": "r", "GET /v1/stream": "r",
	"GET /v1/orders": "r", "GET /v1/orders/{key}": "r", "GET /v1/rules": "r", "GET /v1/rules/{rule}": "r", "GET /v1/holds": "r", "GET /v1/incidents": "r",
	"GET /v1/gate/{service}": "g", "GET /v1/verdicts/{service}/{version}": "g", "POST /v1/flagger/confirm": "g", "POST /v1/flagger/confirm-promotion": "g", "POST /v1/flagger/rollback": "g",
	"POST /v1/events":             "e",
	"POST /changes/{key}/approve": "s", "POST /changes/{key}/reject": "s", "POST /changes/{key}/false-alarm": "s", "POST /changes/{key}/missed": "s",
	"POST /v1/orders/{key}/approve": "s", "POST /v1/orders/{key}/reject": "s", "POST /v1/holds": "s", "POST /v1/holds/{id}/release": "s",
	"POST /v1/changes/{name}/clear": "s", "POST /v1/changes/{name}/propose": "s", "POST /v1/changes/{key}/false-alarm": "s", "POST /v1/changes/{key}/missed": "s",
	"POST /v1/incidents": "o", "POST /v1/incidents/{id}/remove": "o", "POST /v1/rules/{rule}/promote": "o", "POST /v1/rules/{rule}/demote": "o",
	"POST /v1/rules/{rule}/backtest": "O", "POST /v1/reload": "O", "GET /v1/tokens": "O", "POST /v1/tokens": "O", "POST /v1/tokens/{name}/revoke": "O",
}

// bodyFor is a body that the address takes.
func bodyFor(path string) (body, media string) {
	switch {
	case !strings.HasPrefix(path, "/v1/"):
		return "actor=eve&why=x&service=cart&for=1h&from=2h", formType
	case strings.HasSuffix(path, "/events"):
		return event("of a route"), "application/json"
	case strings.HasSuffix(path, "/holds"):
		return `{"service":"cart","why":"x","actor":"eve"}`, "application/json"
	case strings.HasSuffix(path, "/end"):
		return `{"actor":"eve"}`, "application/json"
	case strings.HasSuffix(path, "/incidents"):
		return `{"service":"cart","from":"2026-11-22T20:00:00Z","actor":"eve"}`, "application/json"
	case strings.HasSuffix(path, "mote"):
		return `{"service":"cart","actor":"eve"}`, "application/json"
	case strings.HasSuffix(path, "/backtest"):
		return `{"rule_hash":"x","mode":"ask","judged":1,"false_alarms":0,"why":"x","actor":"eve"}`, "application/json"
	case strings.HasPrefix(path, "/v1/flagger"):
		return `{"name":"cart"}`, "application/json"
	case strings.HasSuffix(path, "/tokens"):
		return `{}`, "application/json"
	}
	return `{"actor":"eve","why":"x"}`, "application/json"
}

// TestEveryRouteForEveryIdentity asks every address as everybody there is, and compares with what they may do.
func TestEveryRouteForEveryIdentity(t *testing.T) {
	b, f := signedServer(t, nil)
	key := b.mustStore(bad)
	who := everybody(b, f)
	names := strings.NewReplacer("{key}", key, "{name}", key, "{name...}", "app.css", "{rule}", "red", "{source}", "github", "{service}", "cart", "{id}", "none", "{version}", "v1")
	seen := map[string]bool{}
	for _, r := range append(allRoutes(t, b.testServer), route{"GET", streamPath}) {
		address := r.method + " " + r.path
		if strings.ContainsAny(r.path, " S") || r.path == "/v1/gate" {
			continue // words of a hint
		}
		need, known := needed[address]
		if seen[address] = true; !known {
			t.Errorf("say in this test who may use %s", address)
			continue
		}
		if address == "POST /signout" {
			continue // everybody may, and it would end the sessions of this test
		}
		path := names.Replace(r.path)
		if r.method == http.MethodGet && strings.HasSuffix(path, "mote") {
			path += "?service=cart" // that a rule would be promoted or demoted for
		}
		body, media := bodyFor(path)
		for name, one := range who {
			ask(b, name, one, r.method, path, need, body, media)
		}
	}
	for address := range needed {
		if !seen[address] {
			t.Errorf("%s is not served", address)
		}
	}
}

// ask sends one request of the table, and checks whether it was let in.
func ask(b *browser, name string, one someone, method, path, need, body, media string) {
	b.t.Helper()
	may := need == "" || strings.Contains(string(one.may), need) || need != strings.ToUpper(need) && strings.Contains(string(one.may), strings.ToUpper(need)) || need == "g" && strings.Contains(string(one.may), "r")
	status, answer, h := b.ask(method, path, body, append([]string{"Content-Type", media}, one.headers...)...)
	toSignIn := status == http.StatusSeeOther && strings.HasPrefix(h.Get("Location"), "/signin")
	refused := status == http.StatusUnauthorized || status == http.StatusForbidden || toSignIn
	if need == "" && (strings.HasPrefix(path, "/hooks/") || strings.HasPrefix(path, "/receivers/") || strings.HasPrefix(path, "/sign") || strings.HasSuffix(path, "/approve")) {
		return // these have credentials, and tests, of their own
	}
	if isGone := status == http.StatusNotFound && strings.Contains(path, "/none/"); refused == may && !isGone {
		b.t.Errorf("%s: %s %s: %d %.200s", name, method, path, status, answer)
	}
	if one.may != "" && one.known && (status == http.StatusUnauthorized || toSignIn) {
		b.t.Errorf("%s is known, and was asked who they are: %s %s: %d %.200s", name, method, path, status, answer)
	}
}

// someone is an identity of the table.
type someone struct {
	headers []string
	may     rights
	known   bool // and so refused by 403
}

// everybody is a credential of each kind, with what it may do; and those that are worth nothing.
func everybody(b *browser, f *fakeProvider) map[string]someone {
	cookie := func(name string, groups ...string) []string {
		return []string{"Cookie", b.signInAt(f, name, groups...)}
	}
	bearer := func(ask api.NewToken) []string { return []string{"Authorization", "Bearer " + b.makeToken(ask)} }
	basic := func(password string) []string {
		return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("eve:"+password))}
	}
	_, _, shared := b.signIn(token, "/")
	operator := b.makeToken(api.NewToken{Name: "op", Role: "operator"})
	_, _, named := b.signIn(b.makeToken(api.NewToken{Name: "browser", Role: "responder"}), "/")
	return map[string]someone{
		"a stranger":                   {},
		"a wrong token":                {headers: []string{"Authorization", "Bearer " + oldToken + "x"}},
		"a made-up named token":        {headers: []string{"Authorization", "Bearer " + identity.Prefix + strings.Repeat("a", 64)}},
		"a wrong token with a session": {headers: []string{"Authorization", "Bearer wrong", "Cookie", shared}},
		"nobody's group":               {headers: []string{"Cookie", hostPrefix + sessionCookie + "=" + newCookie(byKey(identity.Key("another installation's key......")))}},
		"a shared token":               {headers: []string{"Authorization", "Bearer " + token}, may: "wrgesoO", known: true},
		"its session":                  {headers: []string{"Cookie", shared}, may: "wrgesoO", known: true},
		"it as a password":             {headers: basic(token), may: "wr"},
		"a viewer":                     {headers: cookie("vera", "all"), may: "wr", known: true},
		"a responder":                  {headers: cookie("rob", "oncall"), may: "wrs", known: true},
		"an operator":                  {headers: cookie("olga", "sre"), may: "wreso" + "O", known: true},
		"a responder of the team":      {headers: cookie("sam", "shop-oncall"), may: "wrs", known: true},
		"an operator of the team":      {headers: cookie("sue", "shop-sre"), may: "wreso", known: true},
		"an operator of another team":  {headers: cookie("ida", "search-sre"), may: "wr", known: true},
		"a token to read":              {headers: bearer(api.NewToken{Name: "read", Role: "viewer"}), may: "wr", known: true},
		"a token for the gate":         {headers: bearer(api.NewToken{Name: "gate", Role: "viewer", Scopes: []string{"gate"}}), may: "wg", known: true},
		"a token to report":            {headers: bearer(api.NewToken{Name: "ci", Role: "viewer", Scopes: []string{"report"}}), may: "we", known: true},
		"one of another team":          {headers: bearer(api.NewToken{Name: "ci-search", Role: "viewer", Scopes: []string{"report"}, Teams: []string{"search"}}), may: "w", known: true},
		"a token to respond":           {headers: bearer(api.NewToken{Name: "bot", Role: "responder", Scopes: []string{"respond"}}), may: "ws", known: true},
		"an operator's token":          {headers: []string{"X-Pushback-Token", operator}, may: "wresoO", known: true},
		"it as the password":           {headers: basic(operator), may: "wr"},
		"the session of a token":       {headers: []string{"Cookie", named}, may: "wrs", known: true},
	}
}
