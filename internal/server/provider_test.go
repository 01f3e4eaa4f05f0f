package server

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/openid"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// finished sends a browser back from the provider with a cookie, and checks the status of the page.
func (b *browser) finished(want int, attempt, query string, texts ...string) (session string) {
	b.t.Helper()
	status, page, h := b.ask(http.MethodGet, callbackPath+"?"+query, "", "Cookie", attempt)
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.t.Errorf("%s: no %q in %s", query, text, page)
		}
	}
	for _, c := range h.Values("Set-Cookie") {
		if strings.Contains(c, sessionCookie+"=") {
			session, _, _ = strings.Cut(c, ";")
		}
	}
	if status != want || (session != "") != (want == http.StatusOK) {
		b.t.Errorf("%s with %.40q: %d, session %q; want %d: %s", query, attempt, status, session, want, page)
	}
	return session
}

func TestSigningInAtTheProvider(t *testing.T) {
	b, f := signedServer(t, nil)
	f.person = openid.Person{Subject: "7", Name: "ada@example.org", Groups: []string{"oncall"}}
	_, _, h := b.ask(http.MethodGet, "/signin/provider?next=/rules", "")
	begun := h.Get("Set-Cookie")
	for _, want := range []string{"__Host-pushback_signin=", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/", "; Max-Age=600"} {
		if !strings.Contains(begun, want) {
			t.Errorf("the cookie of the attempt lacks %q: %s", want, begun)
		}
	}
	attempt, _, _ := strings.Cut(begun, ";")
	status, page, h := b.ask(http.MethodGet, callbackPath+"?state=the-state&code=c", "", "Cookie", attempt)
	if status != http.StatusOK || !strings.Contains(page, `<meta http-equiv="refresh" content="0; url=/rules">`) || !strings.Contains(page, "ada@example.org") {
		t.Errorf("signed in: %d %s", status, page)
	}
	cookies := strings.Join(h.Values("Set-Cookie"), "\n")
	if !strings.Contains(cookies, "__Host-pushback_signin=; Path=/; Max-Age=0") || !strings.Contains(cookies, "SameSite=Strict") || strings.Count(cookies, "Secure") != 2 {
		t.Errorf("cookies: %s", cookies)
	}
	session := b.finished(200, b.begin("/"), "state=the-state&code=c")
	b.reads(session, true)
	if log := b.log.String(); !strings.Contains(log, `"name":"ada@example.org"`) || strings.Contains(log, "the-verifier") || strings.Contains(log, strings.TrimPrefix(session, "__Host-pushback_session=")) {
		t.Errorf("the log: %s", log)
	}
}

// Nobody is signed in by what this browser did not begin, and nobody by an old attempt.
func TestAttemptsAreBoundToTheBrowser(t *testing.T) {
	b, f := signedServer(t, nil)
	f.person = openid.Person{Subject: "7", Name: "ada", Groups: []string{"sre"}}
	good := "state=the-state&code=c"
	attempt := b.begin("/")
	name, value, _ := strings.Cut(attempt, "=")
	text, code, _ := strings.Cut(value, ".")
	other, _ := signedServer(t, nil)
	b.finished(400, "", good, "not begun in this browser")
	for _, made := range []string{"", ".", text, text + ".", "." + code, text[1:] + "." + code, text + "." + code[1:], text + "A." + code, code + "." + text, strings.Repeat("A", 3000), strings.TrimPrefix(other.begin("/"), name+"=")} {
		b.finished(400, name+"="+made, good)
	}
	b.finished(400, attemptCookie+"="+value, good) // the cookie that another host of the domain can set
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"s":"the-state","n":"the-nonce","v":"the-verifier","x":"/","t":9999999999}`))
	b.finished(400, name+"="+forged+"."+code, good)
	session := b.signInAt(f, "ada", "sre")
	b.finished(400, name+"="+strings.TrimPrefix(session, hostPrefix+sessionCookie+"="), good) // a session is no attempt
	b.reads(hostPrefix+sessionCookie+"="+value, false)                                        // and an attempt no session
	b.finished(403, attempt, "state=another&code=c", "could not be proven")
	b.finished(403, attempt, "code=c")
	b.now = b.now.Add(attemptLength)
	b.finished(400, attempt, good)
	b.now = b.now.Add(-time.Second)
	b.finished(200, attempt, good)
}

// What the provider or the mapping refuses is a page that says so, and no session.
func TestNobodyIsSignedInByAFailure(t *testing.T) {
	b, f := signedServer(t, nil)
	g := func(err error, status int, text string) {
		t.Helper()
		attempt := b.begin("/")
		f.err = err
		b.finished(status, attempt, "state=the-state&code=c", text)
		f.err = nil
	}
	g(openid.ErrNoRole, 403, "none of your groups has a role here")
	g(openid.ErrNotProven, 403, "could not be proven")
	g(openid.ErrRefused, 403, "did not sign you in")
	g(errDown, 503, "login.example.org could not be asked")
	f.err = errDown
	status, page, h := b.ask(http.MethodGet, "/signin/provider", "")
	if status != 503 || h.Get("Set-Cookie") != "" || strings.Contains(page, "connection refused") {
		t.Errorf("%d %s", status, page)
	}
	if status, page, _ := b.ask(http.MethodGet, "/signin", ""); status != 200 || !strings.Contains(page, `name="token"`) {
		t.Errorf("tokens do not sign in while the provider is down: %d %s", status, page)
	}
	if !isReady([]api.ComponentProblem{{Component: "oidc"}}) {
		t.Error("without the provider nothing is judged")
	}
	without := newBrowser(t, nil)
	if status, _, _ := without.ask(http.MethodGet, "/signin/provider", ""); status != 404 {
		t.Errorf("without a provider: %d", status)
	}
}

// The page after the sign-in is on this site.
func TestSigningInLeadsNowhereElse(t *testing.T) {
	b, f := signedServer(t, nil)
	f.person = openid.Person{Subject: "7", Name: "ada", Groups: []string{"sre"}}
	for _, next := range []string{"//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/%2f/evil.example", "javascript:alert(1)", "/" + strings.Repeat("a", maxNext)} {
		_, page, _ := b.ask(http.MethodGet, callbackPath+"?state=the-state&code=c", "", "Cookie", b.begin(next))
		if !strings.Contains(page, `content="0; url=/"`) || strings.Contains(page, "evil") {
			t.Errorf("%q: %s", next, page)
		}
	}
}

// A session that was planted is not kept, and is ended.
func TestNoSessionIsFixed(t *testing.T) {
	b, f := signedServer(t, nil)
	planted := b.signInAt(f, "eve", "sre")
	f.person = openid.Person{Subject: "7", Name: "ada", Groups: []string{"sre"}}
	session := b.finished(200, b.begin("/")+"; "+planted, "state=the-state&code=c")
	if session == planted {
		t.Error("the planted session is ada's now")
	}
	b.reads(planted, false)
	b.reads(session, true)
	_, evesID, _ := strings.Cut(planted, "=")
	_, adasID, _ := strings.Cut(session, "=")
	b.reads(hostPrefix+sessionCookie+"="+strings.Split(adasID, ".")[0]+"."+strings.Split(evesID, ".")[1], false)
}

// Roles are those of pushback.yml as it is now, and sessions those of the provider that it names.
func TestSessionsFollowTheSettings(t *testing.T) {
	b, f := signedServer(t, nil)
	session := b.signInAt(f, "ada", "sre", "all")
	b.reads(session, true)
	f.roles = map[string]openid.GroupRole{"all": {Role: Viewer}}
	status, _, _ := b.ask(http.MethodPost, "/v1/reload", "", "Cookie", session)
	if status != http.StatusForbidden {
		t.Errorf("a role that was taken away: %d", status)
	}
	f.roles = map[string]openid.GroupRole{"others": {Role: Operator}}
	b.reads(session, false)
	f.roles = testRoles()
	b.reads(session, true)
	b.server.SignIn = nil
	b.reads(session, false)
	b.server.SignIn = otherIssuer{f}
	b.reads(session, false)
	b.server.SignIn = f
	b.now = b.now.Add(sessionIdle)
	b.reads(session, false)
}

type otherIssuer struct{ *fakeProvider }

func (otherIssuer) Issuer() string { return "https://evil.example.org" }

// How a session was begun and what made its cookie belong together: no row of one kind serves a cookie of another.
func TestKindsOfSessionsAreNotMixed(t *testing.T) {
	b, _ := signedServer(t, nil)
	made := b.makeToken(api.NewToken{Name: "op", Role: "operator"})
	hash, _ := b.server.signInKey(t.Context()).CheckToken(made)
	byKeys := byKey(b.server.signInKey(t.Context()))
	f := func(how string, code func(string) []byte, want bool) {
		t.Helper()
		value := newCookie(code)
		id, _, _ := openCookie(value)
		session := store.Session{
			ID: storedID(id), BegunAt: b.now, UsedAt: b.now, EndsAt: b.now.Add(time.Hour), How: how,
			Token: hash, Issuer: "https://login.example.org", Subject: "7", Name: "ada", Groups: []string{"sre"},
		}
		if err := b.store.BeginSession(t.Context(), session, ""); err != nil {
			t.Fatal(err)
		}
		b.reads(hostPrefix+sessionCookie+"="+value, want)
	}
	file := byFileToken(token)
	for _, how := range []identity.Way{identity.OIDC, identity.Token} {
		f(string(how), byKeys, true)
		f(string(how), file, false)
	}
	f(string(identity.Shared), file, true)
	f(string(identity.Shared), byKeys, false)
	for _, how := range []string{"", "this host", "password", "OIDC", "link"} {
		f(how, file, false)
		f(how, byKeys, false)
	}
}

// Signing out ends our session, and offers to end the provider's.
func TestSigningOutAtTheProvider(t *testing.T) {
	b, f := signedServer(t, nil)
	f.out = "https://login.example.org/end?client_id=x&post_logout_redirect_uri=y"
	session := b.signInAt(f, "ada", "sre")
	status, page, h := b.ask(http.MethodPost, "/signout", "", "Cookie", session)
	if status != 200 || !strings.Contains(page, `href="https://login.example.org/end?client_id=x&amp;post_logout_redirect_uri=y"`) || !strings.Contains(h.Get("Set-Cookie"), "Max-Age=0") || strings.Contains(page, "Sign out</button>") {
		t.Errorf("%d %s %s", status, h.Get("Set-Cookie"), page)
	}
	b.reads(session, false)
	f.out = "javascript:alert(1)"
	if _, page, _ := b.ask(http.MethodPost, "/signout", "", "Cookie", b.signInAt(f, "ada", "sre")); strings.Contains(page, `"javascript`) {
		t.Errorf("a link that runs: %s", page)
	}
	f.out = ""
	if status, _, h := b.ask(http.MethodPost, "/signout", "", "Cookie", b.signInAt(f, "ada", "sre")); status != 303 || h.Get("Location") != "/" {
		t.Errorf("a provider without a page: %d to %q", status, h.Get("Location"))
	}
	_, _, shared := b.signIn(token, "/")
	f.out = "https://login.example.org/end"
	if status, _, _ := b.ask(http.MethodPost, "/signout", "", "Cookie", shared); status != 303 {
		t.Errorf("a session of a token: %d", status)
	}
}
