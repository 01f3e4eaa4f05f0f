package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/openid"
	"github.com/pushback/pushback/internal/server/api"
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
		o.Rules, o.Freezer = heardRules{}, newFreezer(t)
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
func (heardRules) Missed(context.Context, string, api.Missed) error             { return nil }
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
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		if strings.HasSuffix(c.Name, sessionCookie) {
			session = c.Name + "=" + c.Value
		}
	}
	return string(body), session
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

// errDown is the error of a provider that cannot be reached.
var errDown = errors.Join(openid.ErrProvider, errors.New("connection refused"))
