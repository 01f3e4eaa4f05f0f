package openid

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

var attempt = Attempt{State: "the-state", Nonce: "the-nonce", Verifier: "the-verifier-of-this-test-which-is-long-enough"}

func back(pairs ...string) url.Values {
	q := url.Values{"state": {"the-state"}, "code": {"a-code-of-the-provider"}}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return q
}

func TestBegin(t *testing.T) {
	p := newLyingProvider(t)
	c := p.client(nil)
	address, a, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, second, _ := c.Begin(t.Context())
	if a.State == second.State || a.Nonce == second.Nonce || a.Verifier == second.Verifier || len(a.State) < 20 || len(a.Nonce) < 20 || len(a.Verifier) < 43 {
		t.Errorf("%+v and %+v", a, second)
	}
	u, err := url.Parse(address)
	if err != nil || strings.Contains(address, a.Verifier) || strings.Contains(address, clientSecret) {
		t.Errorf("%s, %v", address, err)
	}
	q := u.Query()
	want := url.Values{
		"response_type": {"code"}, "client_id": {"pushback"}, "redirect_uri": {"https://pushback.example.org/signin/callback"}, "scope": {"openid profile email"},
		"state": {a.State}, "nonce": {a.Nonce}, "code_challenge_method": {"S256"}, "code_challenge": q["code_challenge"],
	}
	if d := cmp.Diff(want, q); d != "" || len(q.Get("code_challenge")) != 43 {
		t.Error(d)
	}
	if there := c.SignOutURL(); there != p.URL+"/end?client_id=pushback&post_logout_redirect_uri=https%3A%2F%2Fpushback.example.org%2Fsignin&x=1" {
		t.Errorf("signing out at %s", there)
	}
}

// Whoever the provider proves is who it is. The secrets go where they belong.
func TestFinish(t *testing.T) {
	p := newLyingProvider(t)
	person, err := p.client(nil).Finish(t.Context(), attempt, back("iss", p.URL))
	if err != nil || person.Subject != "7" || person.Name != "ada@example.org" || !slices.Equal(person.Groups, []string{"sre"}) {
		t.Errorf("%+v, %v", person, err)
	}
	if p.form.Get("code_verifier") != attempt.Verifier || p.form.Get("code") != "a-code-of-the-provider" || p.form.Get("redirect_uri") != "https://pushback.example.org/signin/callback" || p.basic != clientSecret || p.form.Has("client_secret") {
		t.Errorf("sent %v, password %q", p.form, p.basic)
	}
	p.found["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	if _, err := p.client(nil).Finish(t.Context(), attempt, back()); err != nil || p.form.Get("client_secret") != clientSecret || p.basic != "" {
		t.Errorf("in the form: %v, %q, %v", p.form, p.basic, err)
	}
	if _, err := p.client(func(s *Settings) { s.ClientSecretFile = "" }).Finish(t.Context(), attempt, back()); err != nil || p.form.Has("client_secret") || p.form.Get("client_id") != "pushback" {
		t.Errorf("a public client: %v, %v", p.form, err)
	}
}

// Nobody is believed who cannot prove it.
func TestForgeries(t *testing.T) {
	p := newLyingProvider(t)
	honest := p.claim
	f := func(name string, want error, change func(claim map[string]any)) {
		t.Helper()
		p.claim = map[string]any{}
		for key, value := range honest {
			p.claim[key] = value
		}
		change(p.claim)
		person, err := p.client(nil).Finish(t.Context(), attempt, back())
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %+v, %v", name, person, err)
		}
		if err != nil && (strings.Contains(err.Error(), clientSecret) || strings.Contains(err.Error(), "an-access-token")) {
			t.Errorf("%s: a secret is in the error: %v", name, err)
		}
	}
	set := func(key string, value any) func(map[string]any) {
		return func(claim map[string]any) { claim[key] = value }
	}
	without := func(key string) func(map[string]any) { return func(claim map[string]any) { delete(claim, key) } }
	nothing := func(map[string]any) {}
	f("honest", nil, nothing)
	f("another issuer", ErrNotProven, set("iss", "https://evil.example.org"))
	f("the issuer with a slash", ErrNotProven, set("iss", p.URL+"/"))
	f("no issuer", ErrNotProven, without("iss"))
	f("another audience", ErrNotProven, set("aud", "another-client"))
	f("no audience", ErrNotProven, without("aud"))
	f("several audiences, nobody's", ErrNotProven, set("aud", []string{"another-client", "pushback"}))
	f("several audiences, made for another", ErrNotProven, func(c map[string]any) { c["aud"], c["azp"] = []string{"another-client", "pushback"}, "another-client" })
	f("several audiences, made for us", nil, func(c map[string]any) { c["aud"], c["azp"] = []string{"another-client", "pushback"}, "pushback" })
	f("made for another", ErrNotProven, set("azp", "another-client"))
	f("another nonce", ErrNotProven, set("nonce", "the-nonce-of-another"))
	f("no nonce", ErrNotProven, without("nonce"))
	f("a nonce that is no text", ErrNotProven, set("nonce", []string{"the-nonce"}))
	f("expired", ErrNotProven, set("exp", testNow.Add(-skew-time.Second).Unix()))
	f("a clock that is off", nil, set("exp", testNow.Add(-skew+time.Second).Unix()))
	f("no expiry", ErrNotProven, without("exp"))
	f("not yet", ErrNotProven, set("nbf", testNow.Add(10*time.Minute).Unix()))
	f("nobody", ErrRefused, set("sub", ""))
	f("no name", ErrRefused, without("email"))
	f("a name on two lines", ErrRefused, set("email", "ada\nbob"))
	f("a name that is no text", ErrRefused, set("email", map[string]string{"a": "b"}))
	f("a token's name", ErrRefused, set("email", "token ci"))
	f("an address that nobody checked", ErrRefused, set("email_verified", false))
	f("an address that nobody checked, in words", ErrRefused, set("email_verified", "false"))
	f("an address of an administrator", nil, without("email_verified"))
	f("no group", ErrNoRole, without("groups"))
	f("groups of others", ErrNoRole, set("groups", []string{"SRE", "sre ", "s\u200bre", "*"}))
	f("a group as text", nil, set("groups", "sre"))
	f("groups as an object", nil, set("groups", map[string]any{"sre": map[string]string{}}))
	f("groups that are numbers", ErrNoRole, set("groups", []int{1}))
	for name, sign := range map[string]func(payload []byte) string{
		"alg none":                 func(b []byte) string { return unsigned("none", b) },
		"alg None":                 func(b []byte) string { return unsigned("None", b) },
		"no alg":                   func(b []byte) string { return unsigned("", b) },
		"a symmetric key, ours":    func(b []byte) string { return p.signedBy(jose.HS256, []byte(clientSecret+clientSecret), b) },
		"a symmetric key, public":  func(b []byte) string { return p.signedBy(jose.HS256, publicBytes(t, p.key), b) },
		"another key":              func(b []byte) string { return p.signedBy(jose.ES256, newLyingProvider(t).key, b) },
		"a signature of something": func(b []byte) string { return swapPayload(p.signedBy(jose.ES256, p.key, []byte(`{}`)), b) },
		"no token":                 func([]byte) string { return "" },
		"no JWT":                   func([]byte) string { return "a.b.c" },
		"two signatures":           func(b []byte) string { return p.signedBy(jose.ES256, p.key, b) + ".x" },
	} {
		p.sign = sign
		f(name, ErrNotProven, nothing)
	}
	p.sign = nil
	p.code = http.StatusBadRequest
	f("a used code", ErrRefused, nothing)
	p.code = http.StatusInternalServerError
	f("a failure", ErrRefused, nothing)
}

func unsigned(alg string, payload []byte) string {
	header, _ := json.Marshal(map[string]string{"alg": alg, "typ": "JWT"})
	return base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

func publicBytes(t *testing.T, key *ecdsa.PrivateKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func swapPayload(token string, payload []byte) string {
	parts := strings.Split(token, ".")
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString(payload) + "." + parts[2]
}

// What comes back in the address belongs to this attempt and to this provider, or no code is given away.
func TestAnswersOfOthers(t *testing.T) {
	p := newLyingProvider(t)
	c := p.client(nil)
	f := func(want error, a Attempt, q url.Values) {
		t.Helper()
		p.form = nil
		_, err := c.Finish(t.Context(), a, q)
		if !errors.Is(err, want) || p.form != nil {
			t.Errorf("%v: %v, sent %v", q, err, p.form)
		}
	}
	f(ErrNotProven, attempt, back("state", "another"))
	f(ErrNotProven, attempt, url.Values{"code": {"x"}})
	f(ErrNotProven, Attempt{}, back("state", ""))
	f(ErrNotProven, Attempt{}, url.Values{"code": {"x"}})
	f(ErrNotProven, attempt, url.Values{"state": {"the-state", "another"}, "code": {"x"}})
	f(ErrNotProven, attempt, back("iss", "https://evil.example.org"))
	f(ErrNotProven, attempt, back("iss", ""))
	f(ErrNotProven, attempt, back("code", ""))
	f(ErrRefused, attempt, back("error", "access_denied", "error_description", "no\nthanks"))
}

// A provider's keys change while we run.
func TestKeysRotate(t *testing.T) {
	p := newLyingProvider(t)
	c := p.client(nil)
	for _, kid := range []string{"first", "second", "third"} {
		if kid != "first" {
			p.rotate(kid)
		}
		if _, err := c.Finish(t.Context(), attempt, back()); err != nil {
			t.Errorf("key %s: %v", kid, err)
		}
	}
}

// The userinfo endpoint says what the token leaves out, about the same person, and replaces nothing.
func TestUserinfo(t *testing.T) {
	p := newLyingProvider(t)
	delete(p.claim, "groups")
	f := func(info map[string]any, want error) (person Person) {
		t.Helper()
		p.info = info
		person, err := p.client(nil).Finish(t.Context(), attempt, back())
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%v: %v", info, err)
		}
		return person
	}
	f(map[string]any{"sub": "8", "groups": []string{"sre"}}, ErrNotProven)
	f(map[string]any{"groups": []string{"sre"}}, ErrNotProven)
	f(map[string]any{"sub": "7"}, ErrNoRole)
	if person := f(map[string]any{"sub": "7", "groups": []string{"sre"}, "email": "eve@example.org"}, nil); person.Name != "ada@example.org" {
		t.Errorf("the name is %s", person.Name)
	}
}

// Where a discovery document lies, nobody signs in; where it cannot be read, not now.
func TestDiscovery(t *testing.T) {
	p := newLyingProvider(t)
	f := func(name, value string) {
		t.Helper()
		p.found = map[string]any{name: value}
		c := p.client(nil)
		if _, _, err := c.Begin(t.Context()); !errors.Is(err, ErrProvider) || c.Trouble() == "" {
			t.Errorf("%s %s: %v, trouble %q", name, value, err, c.Trouble())
		}
	}
	f("issuer", "https://evil.example.org")
	f("token_endpoint", "")
	f("jwks_uri", "file:///etc/passwd")
	f("jwks_uri", "http://169.254.169.254/keys")
	f("authorization_endpoint", "javascript:alert(1)")
	p.found = map[string]any{"end_session_endpoint": "javascript:alert(1)"}
	c := p.client(nil)
	if _, _, err := c.Begin(t.Context()); err != nil || c.SignOutURL() != "" {
		t.Errorf("%v, signing out at %q", err, c.SignOutURL())
	}
	now := testNow
	p.found, p.down = nil, true
	c = p.client(nil)
	c.now = func() time.Time { return now }
	if _, _, err := c.Begin(t.Context()); !errors.Is(err, ErrProvider) {
		t.Error(err)
	}
	p.down = false
	if _, _, err := c.Begin(t.Context()); !errors.Is(err, ErrProvider) {
		t.Error("the provider was asked again at once")
	}
	now = now.Add(retryOnDemand)
	if _, _, err := c.Begin(t.Context()); err != nil || c.Trouble() != "" {
		t.Errorf("after it came back: %v, %q", err, c.Trouble())
	}
	p.down = true
	if err := c.discover(t.Context()); err == nil || c.Trouble() == "" {
		t.Error("no trouble while it is down")
	}
	if _, _, err := c.Begin(t.Context()); err != nil {
		t.Errorf("what was found before is forgotten: %v", err)
	}
	secure := &Client{Settings: Settings{Issuer: "https://login.example.org"}}
	if err := secure.checkEndpoint("http://login.example.org/token"); err == nil {
		t.Error("a code would be sent in clear")
	}
}
