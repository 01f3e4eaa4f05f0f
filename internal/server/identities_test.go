package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/openid"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// fakeProvider signs in whoever the test says. What a real one does is tested in package openid.
type fakeProvider struct {
	person openid.Person
	err    error
	roles  map[string]openid.GroupRole
	out    string
}

func (f *fakeProvider) Name() string       { return "login.example.org" }
func (f *fakeProvider) Issuer() string     { return "https://login.example.org" }
func (f *fakeProvider) SignOutURL() string { return f.out }

func (f *fakeProvider) Begin(context.Context) (string, openid.Attempt, error) {
	return "https://login.example.org/auth?state=the-state", openid.Attempt{State: "the-state", Nonce: "the-nonce", Verifier: "the-verifier"}, f.err
}

func (f *fakeProvider) Finish(_ context.Context, a openid.Attempt, q url.Values) (openid.Person, error) {
	if f.err != nil {
		return openid.Person{}, f.err
	}
	if a.State != q.Get("state") || a.Nonce != "the-nonce" || a.Verifier != "the-verifier" {
		return openid.Person{}, openid.ErrNotProven
	}
	return f.person, nil
}

func (f *fakeProvider) Grants(groups []string) []identity.Grant {
	return openid.Settings{Roles: f.roles}.Grants(groups)
}

// testRoles are the groups of people in these tests.
func testRoles() map[string]openid.GroupRole {
	return map[string]openid.GroupRole{
		"all": {Role: Viewer}, "oncall": {Role: Responder}, "sre": {Role: Operator},
		"shop-oncall": {Role: Responder, Teams: []string{"shop"}}, "search-sre": {Role: Operator, Teams: []string{"search"}}, "shop-sre": {Role: Operator, Teams: []string{"shop"}},
	}
}

// owners are the owners of the services of these tests.
func owners(service string) string {
	return map[string]string{"cart": "shop", "index": "search"}[service]
}

// signedServer is a server beyond loopback, with a provider and owners.
func signedServer(t *testing.T, change func(*Options)) (*browser, *fakeProvider) {
	provider := &fakeProvider{roles: testRoles()}
	b := newBrowser(t, func(o *Options) {
		o.SignIn, o.Owner, o.ExternalURL = provider, owners, "https://pushback.example.org"
		o.Reload = func(context.Context) []api.Diagnostic { return nil }
		o.Rules = heardRules{}
		if change != nil {
			change(o)
		}
	})
	return b, provider
}

// heardRules are Rules that take everything.
type heardRules struct{ oneRule }

func (heardRules) Promote(context.Context, string, api.TrustDecision) (api.RuleTrust, error) {
	return api.RuleTrust{}, nil
}
func (heardRules) Demote(context.Context, string, api.TrustDecision) (api.RuleTrust, error) {
	return api.RuleTrust{}, nil
}
func (heardRules) NoteBacktest(context.Context, string, api.RuleBacktest) error { return nil }
func (heardRules) FalseAlarm(context.Context, string, api.FalseAlarm) error     { return nil }

// signInAt signs somebody with these groups in, and returns their cookie.
func (b *browser) signInAt(f *fakeProvider, name string, groups ...string) string {
	b.t.Helper()
	f.person = openid.Person{Subject: "sub of " + name, Name: name, Groups: groups}
	_, cookie := b.finish(b.begin("/"), "state=the-state&code=c")
	if !strings.HasPrefix(cookie, hostPrefix+sessionCookie+"=") {
		b.t.Fatalf("%s was not signed in: cookie %q", name, cookie)
	}
	return cookie
}

// begin starts a sign-in, and returns the cookie of the attempt.
func (b *browser) begin(next string) string {
	b.t.Helper()
	status, _, h := b.ask(http.MethodGet, "/signin/provider?next="+url.QueryEscape(next), "")
	if status != http.StatusSeeOther || !strings.HasPrefix(h.Get("Location"), "https://login.example.org/auth?") {
		b.t.Fatalf("beginning a sign-in: %d to %q", status, h.Get("Location"))
	}
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	return cookie
}

// finish comes back from the provider, and returns the page and the cookie of the session.
func (b *browser) finish(attempt, query string) (page, session string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.URL+callbackPath+"?"+query, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Cookie", attempt)
	answer, err := b.Client().Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	var body strings.Builder
	buffer := make([]byte, 1<<16)
	for n, err := 0, error(nil); err == nil; {
		n, err = answer.Body.Read(buffer)
		body.Write(buffer[:n])
	}
	for _, c := range answer.Cookies() {
		if strings.HasSuffix(c.Name, sessionCookie) {
			session = c.Name + "=" + c.Value
		}
	}
	return body.String(), session
}

// makeToken makes a named token by the API.
func (p *testServer) makeToken(ask api.NewToken) string {
	p.t.Helper()
	if ask.Expires.IsZero() {
		ask.Expires = testNow.Add(24 * time.Hour)
	}
	ask.Actor = "the test"
	body, err := json.Marshal(ask)
	if err != nil {
		p.t.Fatal(err)
	}
	status, answer, _ := p.ask(http.MethodPost, "/v1/tokens", string(body), "Content-Type", "application/json", "Authorization", "Bearer "+token)
	var made api.CreatedToken
	if err := json.Unmarshal([]byte(answer), &made); err != nil || status != http.StatusCreated || !strings.HasPrefix(made.Text, identity.Prefix) {
		p.t.Fatalf("a token %s: %d %s", ask.Name, status, answer)
	}
	return made.Text
}

// rights are what somebody may do in the table of routes: the letters of read, gate, report, respond, operate, for the
// services of the team shop; and upper-case letters for every service.
type rights string

// needed is what every address needs, by the letters of rights; "" is everybody's. An address that is not here fails
// the test, so that whoever adds one decides who may use it. The fixture's change and hold are of the service cart,
// which the team shop owns.
var needed = map[string]string{
	"GET /healthz": "", "GET /readyz": "", "GET /schema/rules.json": "", "GET /signin": "", "POST /signin": "", "POST /signout": "", "GET /assets/{name...}": "", "POST /hooks/{source}": "",
	"GET /changes/{key}/approve": "", "GET /signin/provider": "", "GET /signin/callback": "", "GET /v1/whoami": "w",
	"GET /metrics": "r", "GET /openapi.json": "r", "GET /docs": "r", "GET /": "r", "GET /changes/{key}": "r", "GET /sources": "r", "GET /rules": "r", "GET /rules/{rule}": "r",
	"GET /v1/status": "r", "GET /v1/services": "r", "GET /v1/sources": "r", "GET /v1/changes": "r", "GET /v1/changes/{name}": "r", "GET /v1/changes/{name}/records": "r", "GET /v1/watched": "r", "GET /v1/stream": "r",
	"GET /v1/orders": "r", "GET /v1/orders/{key}": "r", "GET /v1/rules": "r", "GET /v1/rules/{rule}": "r", "GET /v1/holds": "r", "GET /v1/incidents": "r",
	"GET /v1/gate/{service}": "g", "GET /v1/verdicts/{service}/{version}": "g", "POST /v1/flagger/confirm": "g", "POST /v1/flagger/confirm-promotion": "g", "POST /v1/flagger/rollback": "g",
	"POST /v1/events":             "e",
	"POST /changes/{key}/approve": "s", "POST /changes/{key}/reject": "s", "POST /v1/orders/{key}/approve": "s", "POST /v1/orders/{key}/reject": "s", "POST /v1/holds": "s", "POST /v1/holds/{id}/release": "s",
	"POST /v1/changes/{name}/clear": "s", "POST /v1/changes/{name}/propose": "s", "POST /v1/changes/{key}/false-alarm": "s",
	"POST /v1/incidents": "o", "POST /v1/incidents/{id}/remove": "o", "POST /v1/rules/{rule}/promote": "o", "POST /v1/rules/{rule}/demote": "o",
	"POST /v1/rules/{rule}/backtest": "O", "POST /v1/reload": "O", "GET /v1/tokens": "O", "POST /v1/tokens": "O", "POST /v1/tokens/{name}/revoke": "O",
}

// bodyFor is a body that the address takes.
func bodyFor(path string) (body, media string) {
	switch {
	case strings.HasPrefix(path, "/changes/") || strings.HasPrefix(path, "/sign"):
		return "actor=eve&why=x", formType
	case strings.HasSuffix(path, "/events"):
		return event("of a route"), "application/json"
	case strings.HasSuffix(path, "/holds"):
		return `{"service":"cart","why":"x","actor":"eve"}`, "application/json"
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
	if need == "" && (strings.HasPrefix(path, "/hooks/") || strings.HasPrefix(path, "/sign") || strings.HasSuffix(path, "/approve")) {
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

// What is refused says which role, scope or team it needs, to people and to programs.
func TestRefusalsSayWhatIsNeeded(t *testing.T) {
	b, f := signedServer(t, nil)
	key := b.mustStore(bad)
	g := func(want string, method, path string, headers ...string) {
		t.Helper()
		body, media := bodyFor(path)
		status, answer, _ := b.ask(method, path, body, append([]string{"Content-Type", media}, headers...)...)
		if status != http.StatusForbidden || !strings.Contains(answer, want) {
			t.Errorf("%s %s: %d %s; want %q", method, path, status, answer, want)
		}
	}
	viewer := b.signInAt(f, "vera", "all")
	g("this needs the role responder, and vera has the role viewer", "POST", "/v1/orders/"+key+"/approve", "Cookie", viewer)
	g("this needs the role responder, and vera has the role viewer", "POST", "/changes/"+key+"/approve", "Cookie", viewer)
	g("this needs the role operator", "POST", "/v1/incidents", "Cookie", viewer)
	g("this needs the role operator", "POST", "/v1/events", "Cookie", b.signInAt(f, "rob", "oncall"))
	g("cart belongs to the team shop, and ida acts only for the team search", "POST", "/v1/orders/"+key+"/approve", "Cookie", b.signInAt(f, "ida", "search-sre"))
	g("cart belongs to the team shop", "POST", "/changes/"+key+"/approve", "Cookie", b.signInAt(f, "ida", "search-sre"))
	g("is not about one service of the team shop", "POST", "/v1/reload", "Cookie", b.signInAt(f, "sue", "shop-sre"))
	g("this needs a token with the scope read, and the token ci does not have it", "GET", "/v1/status", "Authorization", "Bearer "+b.makeToken(api.NewToken{Name: "ci", Role: "viewer", Scopes: []string{"report"}}))
	g("this needs a token with the scope read", "GET", "/", "Authorization", "Bearer "+b.makeToken(api.NewToken{Name: "ci2", Role: "viewer", Scopes: []string{"report"}}))
	g("cart belongs to the team shop, and the token ci3 acts only for the team search", "POST", "/v1/events", "Authorization", "Bearer "+b.makeToken(api.NewToken{Name: "ci3", Role: "viewer", Scopes: []string{"report"}, Teams: []string{"search"}}))
	if b.changes() != 1 {
		t.Error("an event of another team was stored")
	}
}

// Who is limited to teams does nothing to what is of others, by any way around.
func TestTeamsHaveNoWayAround(t *testing.T) {
	b, f := signedServer(t, nil)
	alone := b.signInAt(f, "sue", "shop-sre")
	g := func(want int, path, body string) {
		t.Helper()
		status, answer, _ := b.ask(http.MethodPost, path, body, "Content-Type", "application/json", "Cookie", alone)
		if status != want {
			t.Errorf("%s %s: %d %s, want %d", path, body, status, answer, want)
		}
	}
	g(200, "/v1/holds", `{"service":"cart","why":"x"}`)
	for _, service := range []string{`"index"`, `"nobody-owns-this"`, `""`, `"*"`, `"Cart"`, `"cart.index"`} {
		g(403, "/v1/holds", `{"service":`+service+`,"why":"x"}`)
	}
	g(403, "/v1/holds", `{"why":"x"}`)
	g(403, "/v1/incidents", `{"from":"2026-11-22T20:00:00Z"}`)
	g(403, "/v1/rules/red/promote", `{"service":"*"}`)
	g(200, "/v1/rules/red/promote", `{"service":"cart"}`)
	ctx := t.Context()
	all, _, err := b.store.SetHold(ctx, store.Hold{Kind: store.GateHold, Why: "x", Actor: "y", At: testNow}, func(store.Hold) []store.Outgoing { return nil })
	if err != nil {
		t.Fatal(err)
	}
	others, _, err := b.store.SetHold(ctx, store.Hold{Kind: store.GateHold, Service: "index", Why: "x", Actor: "y", At: testNow}, func(store.Hold) []store.Outgoing { return nil })
	if err != nil {
		t.Fatal(err)
	}
	incident, err := b.store.NoteIncident(ctx, store.Incident{Service: "index", From: testNow.Add(-time.Hour), To: testNow, Actor: "y", At: testNow})
	if err != nil {
		t.Fatal(err)
	}
	g(403, "/v1/holds/"+all.ID+"/release", `{}`)
	g(403, "/v1/holds/"+others.ID+"/release", `{}`)
	g(403, "/v1/incidents/"+incident.ID+"/remove", `{}`)
	g(404, "/v1/holds/h99/release", `{}`)
	g(404, "/v1/incidents/i99/remove", `{}`)
}

// Whoever signed in is who did it, whatever the request says. A shared token names nobody.
func TestWhoDidItIsWhoSignedIn(t *testing.T) {
	b, f := signedServer(t, nil)
	g := func(want string, service string, headers ...string) {
		t.Helper()
		_, answer, _ := b.ask(http.MethodPost, "/v1/holds", `{"service":"`+service+`","why":"x","actor":"eve"}`, append([]string{"Content-Type", "application/json"}, headers...)...)
		var h api.Hold
		if err := json.Unmarshal([]byte(answer), &h); err != nil || h.Actor != want {
			t.Errorf("%s: held by %q (%s), want %q", service, h.Actor, answer, want)
		}
	}
	ada := b.signInAt(f, "ada@example.org", "sre")
	g("eve", "s1", "Authorization", "Bearer "+token)
	g("ada@example.org", "s2", "Cookie", ada)
	g("token ci, for eve", "s3", "Authorization", "Bearer "+b.makeToken(api.NewToken{Name: "ci", Role: "operator"}))
	status, _, _ := b.ask(http.MethodPost, "/v1/holds", `{"service":"s4","why":"x"}`, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("nobody held: %d", status)
	}
	decidedBy(b, "ada@example.org", ada, false)
	decidedBy(b, "ada@example.org (by the link of the message)", ada, true)
	decidedBy(b, "eve (by the link of the message)", "", true)
	decidedBy(b, "ada@example.org (by the link of the message)", b.signInAt(f, "ada@example.org", "all"), true) // the link is the right to
}

// decidedBy rejects an order by the form of a page, and checks what its row says.
func decidedBy(b *browser, want, cookie string, byLink bool) {
	b.t.Helper()
	fresh := bad
	fresh.version = fmt.Sprint("decided", b.changes())
	key := b.mustStore(fresh)
	form := "actor=eve&why=x"
	if byLink {
		o, err := b.store.Order(b.t.Context(), key)
		if err != nil {
			b.t.Fatal(err)
		}
		form += "&token=" + url.QueryEscape(approvals.Token(o))
	}
	status, answer, _ := b.ask(http.MethodPost, "/changes/"+key+"/reject", form, "Content-Type", formType, "Cookie", cookie)
	o, err := b.store.Order(b.t.Context(), key)
	if err != nil || o.Actor != want {
		b.t.Errorf("decided by %q, want %q: %d %.300s, %v", o.Actor, want, status, answer, err)
	}
}

// A page says who reads it, asks for a name only where nobody can tell, and shows forms only to who may use them.
func TestPagesShowWhoReads(t *testing.T) {
	b, f := signedServer(t, nil)
	key := b.mustStore(bad)
	g := func(cookie string, has, hasNot []string) {
		t.Helper()
		_, page, _ := b.ask(http.MethodGet, "/changes/"+key, "", "Cookie", cookie)
		for _, text := range has {
			if !strings.Contains(page, text) {
				t.Errorf("no %q on the page: %.3000s", text, page)
			}
		}
		for _, text := range hasNot {
			if strings.Contains(page, text) {
				t.Errorf("%q is on the page", text)
			}
		}
	}
	const form, name = `action="/changes/`, `name="actor"`
	_, _, shared := b.signIn(token, "/")
	g(shared, []string{"a shared token <small>operator</small>", form, name, "Sign out"}, nil)
	g(b.signInAt(f, "rob&co", "oncall"), []string{"rob&amp;co <small>responder</small>", form}, []string{name})
	g(b.signInAt(f, "vera", "all"), []string{"vera <small>viewer</small>"}, []string{form, name})
	g(b.signInAt(f, "ida", "search-sre"), []string{"ida <small>operator</small>"}, []string{form})
	_, _, named := b.signIn(b.makeToken(api.NewToken{Name: "wall", Role: "viewer"}), "/")
	g(named, []string{"token wall <small>viewer</small>"}, []string{form})
	if _, page, _ := b.ask(http.MethodGet, "/signin?next=/rules", ""); !strings.Contains(page, `href="/signin/provider?next=%2frules"`) || strings.Index(page, "login.example.org") > strings.Index(page, `name="token"`) {
		t.Errorf("the sign-in page: %s", page)
	}
}

// A name of the web config file is who uses a shared token.
func TestUserOfTheWebConfigFileIsWhoDidIt(t *testing.T) {
	const hash = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi" // of fakepassword
	file := filepath.Join(t.TempDir(), "web.yml")
	write(t, file, "basic_auth_users: {amy: "+hash+"}\n")
	p := listen(t, func(o *Options) { o.Listen, o.WebConfig = "0.0.0.0:1", file })
	amy := "Basic " + base64.StdEncoding.EncodeToString([]byte("amy:fakepassword"))
	g := func(want string, headers ...string) {
		t.Helper()
		_, answer, _ := p.ask(http.MethodGet, "/v1/whoami", "", headers...)
		var who api.Who
		if err := json.Unmarshal([]byte(answer), &who); err != nil || who.Name != want {
			t.Errorf("got %s, want %q", answer, want)
		}
	}
	g("amy", "Authorization", amy, "X-Pushback-Token", token)
	open := listen(t, nil)
	_, answer, _ := open.ask(http.MethodGet, "/v1/whoami", "", "Authorization", amy, "X-Pushback-Token", token)
	if strings.Contains(answer, "amy") {
		t.Errorf("a name whose password nobody checked: %s", answer)
	}
}

var errDown = errors.Join(openid.ErrProvider, errors.New("connection refused"))
