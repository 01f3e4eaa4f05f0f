package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

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
	const hint, signIn = "Only a responder who may act on cart can", "Sign in to"
	g(b.signInAt(f, "vera", "all"), []string{"vera <small>viewer</small>", hint}, []string{form, name, signIn})
	g(b.signInAt(f, "ida", "search-sre"), []string{"ida <small>operator</small>", hint}, []string{form, signIn})
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
