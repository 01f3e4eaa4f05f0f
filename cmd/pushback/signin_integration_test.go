//go:build integration

package main_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// providerStorage is the storage of zitadel's example provider, whose first user is in the group sre, and whose second
// in the group guests.
type providerStorage struct{ *storage.Storage }

// SetUserinfoFromToken adds the groups.
func (s providerStorage) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	err := s.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin)
	info.AppendClaims("groups", map[string][]string{"id1": {"everybody", "sre"}, "id2": {"guests"}}[subject])
	return err
}

// GetClientByClientID returns a client that may be led back to after a sign-out.
func (s providerStorage) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := s.Storage.GetClientByClientID(ctx, id)
	return providerClient{c}, err
}

type providerClient struct{ op.Client }

// PostLogoutRedirectURIs are the sign-in pages of the addresses to which somebody is sent back.
func (c providerClient) PostLogoutRedirectURIs() (pages []string) {
	for _, address := range c.RedirectURIs() {
		pages = append(pages, strings.TrimSuffix(address, "/callback"))
	}
	return pages
}

const providerSecret = "the-secret-of-the-client-web"

// site is the built program behind a proxy, with a real provider of identities.
type site struct {
	t         *testing.T
	url       string // of the proxy
	login     string // the address of the provider: another site, as browsers see it
	pushback  *process
	settings  string
	reachable atomic.Bool // whether the provider answers
}

func newSite(t *testing.T) *site {
	return newSiteOf(t, openSettings+"services: {list: [{name: cart, owner: shop}]}\n", "team: shop\nrules: []\n", "{sre: operator}")
}

// newSiteOf is newSite with other settings and rules, and with these roles of groups.
func newSiteOf(t *testing.T, settings, rules, roles string) *site {
	s := &site{t: t}
	s.reachable.Store(true)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to, _ := url.Parse(s.pushback.url)
		(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to); p.SetXForwarded(); p.Out.Host = p.In.Host }}).ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	s.url = proxy.URL
	var handler http.Handler
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.reachable.Load() {
			http.Error(w, "not now", http.StatusBadGateway)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(provider.Close)
	s.login = strings.Replace(provider.URL, "127.0.0.1", "localhost", 1)
	client := storage.WebClient("web", providerSecret, proxy.URL+"/signin/callback")
	users := storage.NewUserStore(s.login)
	handler = exampleop.SetupServer(s.login, providerStorage{storage.NewStorageWithClients(users, map[string]*storage.Client{"web": client})}, nil, false)
	s.settings = settings + "external_url: " + proxy.URL + "\n" +
		"oidc: {issuer: \"" + s.login + "\", client_id: web, client_secret_file: oidc, roles: " + roles + "}\n"
	s.pushback = &process{t: t, dir: t.TempDir()}
	s.pushback.write("oidc", providerSecret+"\n")
	s.pushback.begin(s.settings, rules)
	return s
}

// person is a browser with cookies. It keeps the addresses at which it came back from the provider.
type person struct {
	*http.Client
	site *site
	led  []string
}

func (s *site) person() *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	p := &person{site: s, Client: &http.Client{Jar: jar}}
	p.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/signin/callback" {
			p.led = append(p.led, r.URL.String())
		}
		return nil
	}
	return p
}

// do sends a request and returns the page that it leads to.
func (p *person) do(method, address string, form url.Values, body string) (status int, at *url.URL, page string) {
	p.site.t.Helper()
	media := "application/json"
	if form != nil {
		body, media = form.Encode(), "application/x-www-form-urlencoded"
	}
	r, err := http.NewRequestWithContext(p.site.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		p.site.t.Fatal(err)
	}
	r.Header.Set("Content-Type", media)
	answer, err := p.Do(r)
	if err != nil {
		p.site.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.site.t.Fatal(err)
	}
	return answer.StatusCode, answer.Request.URL, string(text)
}

var requestID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// signIn signs in at the provider, as a person does, and returns the page that comes of it.
func (p *person) signIn(user string) (status int, page string) {
	p.site.t.Helper()
	status, at, page := p.do(http.MethodGet, p.site.url+"/signin/provider?next=/rules", nil, "")
	m := requestID.FindStringSubmatch(page)
	if status != http.StatusOK || m == nil || !strings.HasPrefix(at.String(), p.site.login+"/login/") {
		p.site.t.Fatalf("%s: %d %s", at, status, page)
	}
	status, _, page = p.do(http.MethodPost, p.site.login+"/login/username", url.Values{"id": {m[1]}, "username": {user}, "password": {"verysecure"}}, "")
	return status, page
}

// who is what the API says of a person.
func (p *person) who() (name, role string) {
	p.site.t.Helper()
	_, _, page := p.do(http.MethodGet, p.site.url+"/v1/whoami", nil, "")
	var who struct{ Name, Role string }
	_ = json.Unmarshal([]byte(page), &who)
	return who.Name, who.Role
}

const testUser = "test-user@zitadel.ch"

// A person signs in at a real provider, acts under their own name, and signs out at both.
func TestSigningInAtARealProvider(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person()
	if _, _, page := p.do(http.MethodGet, s.url+"/", nil, ""); !strings.Contains(page, "Sign in at localhost:") {
		t.Fatalf("the sign-in page: %s", page)
	}
	status, page := p.signIn("test-user@localhost")
	if status != http.StatusOK || !strings.Contains(page, `content="0; url=/rules"`) {
		t.Fatalf("signed in: %d %s", status, page)
	}
	if name, role := p.who(); name != testUser || role != "operator" {
		t.Errorf("%s is %s", name, role)
	}
	_, _, held := p.do(http.MethodPost, s.url+"/v1/holds", nil, `{"service":"cart","why":"x","actor":"eve"}`)
	if !strings.Contains(held, `"actor":"`+testUser+`"`) {
		t.Errorf("held: %s", held)
	}
	if _, _, page := p.do(http.MethodGet, s.url+"/", nil, ""); !strings.Contains(page, testUser+" <small>operator</small>") {
		t.Errorf("the page does not say who reads: %.2000s", page)
	}
	if status, _, page := s.person().do(http.MethodGet, p.led[len(p.led)-1], nil, ""); status != http.StatusBadRequest {
		t.Errorf("the address in another browser: %d %s", status, page)
	}
	_, _, page = p.do(http.MethodPost, s.url+"/signout", url.Values{}, "")
	link := regexp.MustCompile(`href="(` + regexp.QuoteMeta(s.login) + `[^"]+)"`).FindStringSubmatch(page)
	if name, _ := p.who(); name != "" || link == nil {
		t.Fatalf("after signing out %q is known, and the page is %s", name, page)
	}
	if status, at, page := p.do(http.MethodGet, strings.ReplaceAll(link[1], "&amp;", "&"), nil, ""); status != http.StatusOK || at.Path != "/signin" {
		t.Errorf("signing out there: %d at %s: %s", status, at, page)
	}
}

// A code is good for one time, also where the browser keeps its cookies; and a person without a role is told so.
func TestARealProviderRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person()
	keeping, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	here, _ := url.Parse(s.url)
	p.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.Path, "/signin/callback") {
			p.led = append(p.led, r.URL.String())
			keeping.SetCookies(here, p.Jar.Cookies(here))
		}
		return nil
	}
	if status, page := p.signIn("test-user@localhost"); status != http.StatusOK {
		t.Fatalf("%d %s", status, page)
	}
	thief := s.person()
	thief.Jar = keeping
	if status, _, page := thief.do(http.MethodGet, p.led[0], nil, ""); status != http.StatusForbidden || !strings.Contains(page, "did not sign you in") {
		t.Errorf("the same code and cookie again: %d %s", status, page)
	}
	other := s.person()
	if status, page := other.signIn("test-user2"); status != http.StatusForbidden || !strings.Contains(page, "none of your groups has a role here") {
		t.Errorf("somebody without a role: %d %s", status, page)
	}
	if name, _ := other.who(); name != "" {
		t.Errorf("%s is signed in", name)
	}
}

// The daemon starts and works without its provider, sessions go on, and roles are those of pushback.yml as it is.
func TestWithoutTheProvider(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person()
	if status, page := p.signIn("test-user@localhost"); status != http.StatusOK {
		t.Fatalf("%d %s", status, page)
	}
	s.reachable.Store(false)
	s.pushback.kill()
	s.pushback.start()
	if name, role := p.who(); name != testUser || role != "operator" {
		t.Errorf("after a restart %q is %q", name, role)
	}
	if status, _, page := s.person().do(http.MethodGet, s.url+"/signin/provider", nil, ""); status != http.StatusServiceUnavailable {
		t.Errorf("signing in: %d %s", status, page)
	}
	if _, _, page := p.do(http.MethodGet, s.url+"/readyz", nil, ""); !strings.Contains(page, `"component":"oidc","detail":"reading the discovery document`) {
		t.Errorf("nobody is told: %s", page)
	}
	if status := get(t, s.url, "/v1/status", "", apiToken); status != http.StatusOK {
		t.Errorf("a token: %d", status)
	}
	s.reachable.Store(true)
	if _, _, page := s.person().do(http.MethodGet, s.url+"/readyz", nil, ""); strings.Contains(page, "502") {
		t.Errorf("a stranger is told %s", page)
	}
	s.pushback.kill()
	s.pushback.write("pushback.yml", "listen: 127.0.0.1:0\ntoken_file: token\n"+strings.Replace(s.settings, "{sre: operator}", "{others: operator}", 1))
	s.pushback.start()
	if name, role := p.who(); name != "" {
		t.Errorf("after the role was taken away %q is %q", name, role)
	}
}
