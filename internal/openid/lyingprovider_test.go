package openid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/pushback/pushback/internal/identity"
)

var testNow = time.Date(2026, time.November, 22, 22, 0, 0, 0, time.UTC)

const clientSecret = "a-client-secret-of-this-test"

// lyingProvider answers whatever a test says.
type lyingProvider struct {
	*httptest.Server
	t     *testing.T
	key   *ecdsa.PrivateKey
	kid   string
	claim map[string]any              // of the next token
	info  map[string]any              // of the userinfo endpoint; nil: there is none
	sign  func(payload []byte) string // nil: with the key
	code  int                         // of the token endpoint; 0: 200
	form  url.Values                  // of the last exchange
	basic string                      // the password of the last exchange
	found map[string]any              // added to the discovery document
	down  bool
}

func newLyingProvider(t *testing.T) *lyingProvider {
	p := &lyingProvider{t: t, found: map[string]any{}}
	p.rotate("first")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.info) })
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	p.claim = map[string]any{
		"iss": p.URL, "aud": "pushback", "sub": "7", "exp": testNow.Add(time.Minute).Unix(), "iat": testNow.Unix(), "nonce": "the-nonce",
		"email": "ada@example.org", "email_verified": true, "groups": []string{"sre", "everybody"},
	}
	return p
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (p *lyingProvider) rotate(kid string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	p.key, p.kid = key, kid
}

func (p *lyingProvider) discovery(w http.ResponseWriter, _ *http.Request) {
	if p.down {
		http.Error(w, "down", http.StatusBadGateway)
		return
	}
	document := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"}, "end_session_endpoint": p.URL + "/end?x=1",
	}
	if p.info != nil {
		document["userinfo_endpoint"] = p.URL + "/userinfo"
	}
	for name, value := range p.found {
		document[name] = value
	}
	answer(w, document)
}

func (p *lyingProvider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: p.kid, Algorithm: "ES256", Use: "sig"}}})
}

func (p *lyingProvider) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	p.form = r.PostForm
	_, p.basic, _ = r.BasicAuth()
	if p.code != 0 {
		w.WriteHeader(p.code)
		answer(w, map[string]any{"error": "invalid_grant", "error_description": "the code " + p.form.Get("code") + " of " + p.basic + " is used"})
		return
	}
	payload, err := json.Marshal(p.claim)
	if err != nil {
		p.t.Error(err)
	}
	sign := p.sign
	if sign == nil {
		sign = func(payload []byte) string { return p.signedBy(jose.ES256, p.key, payload) }
	}
	signed := sign(payload)
	answer(w, map[string]any{"access_token": "an-access-token", "token_type": "Bearer", "id_token": signed})
}

func (p *lyingProvider) signedBy(how jose.SignatureAlgorithm, key any, payload []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: how, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", p.kid))
	if err != nil {
		p.t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		p.t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// client is one for the provider. change alters its settings first.
func (p *lyingProvider) client(change func(*Settings)) *Client {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(clientSecret+"\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	s := Settings{Issuer: p.URL, ClientID: "pushback", ClientSecretFile: file, Roles: map[string]GroupRole{"sre": {Role: identity.Operator}, "dev": {Role: identity.Responder, Teams: []string{"shop"}}}}
	if change != nil {
		change(&s)
	}
	if err := s.Validate(); err != nil {
		p.t.Fatal(err)
	}
	c, err := New(s, "https://pushback.example.org/", func() time.Time { return testNow }, slog.New(slog.DiscardHandler))
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}
