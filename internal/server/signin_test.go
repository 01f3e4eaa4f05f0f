package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
)

const formType = "application/x-www-form-urlencoded"

// browser is a server beyond loopback, which only a session can read, and a clock to move.
type browser struct {
	*testServer
	now time.Time
}

func newBrowser(t *testing.T, change func(*Options)) *browser {
	b := &browser{now: testNow}
	b.testServer = listen(t, func(o *Options) {
		o.Listen, o.Now = "0.0.0.0:1", func() time.Time { return b.now }
		if change != nil {
			change(o)
		}
	})
	return b
}

// signIn returns the answer, and the cookie as a browser sends it.
func (b *browser) signIn(given, next string, headers ...string) (status int, h http.Header, cookie string) {
	b.t.Helper()
	form := url.Values{"token": {given}, "next": {next}}.Encode()
	status, _, h = b.ask(http.MethodPost, "/signin", form, append([]string{"Content-Type", formType}, headers...)...)
	cookie, _, _ = strings.Cut(h.Get("Set-Cookie"), ";")
	return status, h, cookie
}

// reads checks whether a cookie may read.
func (b *browser) reads(cookie string, want bool, headers ...string) {
	b.t.Helper()
	status, _, _ := b.ask(http.MethodGet, "/v1/status", "", append([]string{"Cookie", cookie}, headers...)...)
	if (status == http.StatusOK) != want {
		b.t.Errorf("cookie %q: got %d, want it to read: %v", cookie, status, want)
	}
}

func TestSigningIn(t *testing.T) {
	b := newBrowser(t, nil)
	if status, h, _ := b.signIn("wrong-wrong-wrong-wrong", "/"); status != 401 || h.Get("Set-Cookie") != "" {
		t.Errorf("a wrong token: got %d, cookie %q", status, h.Get("Set-Cookie"))
	}
	status, h, session := b.signIn(token, "/changes/abc")
	cookie := h.Get("Set-Cookie")
	if status != 303 || h.Get("Location") != "/changes/abc" || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") || strings.Contains(cookie, "Domain") {
		t.Fatalf("got %d to %q, cookie %q", status, h.Get("Location"), cookie)
	}
	b.reads(session, true)
	id, code, _ := strings.Cut(strings.TrimPrefix(session, sessionCookie+"="), ".")
	other := newCookie(byFileToken(oldToken))
	otherID, otherCode, _ := strings.Cut(other, ".")
	for _, made := range []string{
		"", ".", id, id + ".", "." + code, id + "." + otherCode, otherID + "." + code, other, id + code, session + "x", id + "." + code + "." + code,
		newCookie(byFileToken("another-token-of-nobody")), id[1:] + "." + code, strings.Repeat("A", 1<<12), "%00", newCookie(byFileToken("")),
	} {
		b.reads(sessionCookie+"="+made, false)
	}
}

// A session ends at its end, whatever its browser does, and earlier if nobody uses it. What a
// page asks for by itself is no use.
func TestSessionsEnd(t *testing.T) {
	b := newBrowser(t, nil)
	_, _, session := b.signIn(token, "/")
	b.now = b.now.Add(sessionIdle - time.Second)
	b.reads(session, true)
	b.now = b.now.Add(sessionIdle - time.Second)
	b.reads(session, true, "Sec-Fetch-Dest", "empty")
	b.reads(session, true, "Accept", "text/event-stream")
	b.now = b.now.Add(time.Second)
	b.reads(session, false)

	_, _, session = b.signIn(token, "/")
	began := b.now
	for b.now.Before(began.Add(sessionLength)) {
		b.reads(session, true)
		b.now = b.now.Add(time.Hour)
	}
	b.reads(session, false)
}

// Signing out ends the session of every tab and of every copy of the cookie, on every replica.
func TestSigningOut(t *testing.T) {
	one := openStore(t)
	testSigningOut(t, one, one)
}

// testSigningOut has two replicas with one store each, of the same database.
func testSigningOut(t *testing.T, first, second *store.Store) {
	t.Helper()
	tokens := tokenFile(t)
	with := func(st *store.Store) func(*Options) {
		return func(o *Options) { o.Store, o.Engine, o.TokenFile = st, storeEngine{st}, tokens }
	}
	b, replica := newBrowser(t, with(first)), newBrowser(t, with(second))
	_, _, session := b.signIn(token, "/")
	_, _, phone := b.signIn(token, "/")
	replica.reads(session, true)
	out := func(cookie string, want int, headers ...string) {
		t.Helper()
		status, _, h := b.ask(http.MethodPost, "/signout", "", append([]string{"Cookie", cookie}, headers...)...)
		if status != want || want == 303 && !strings.Contains(h.Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("got %d, cookie %q; want %d", status, h.Get("Set-Cookie"), want)
		}
	}
	out(session, 403, "Origin", "https://evil.example.com")
	out(session, 403, "Sec-Fetch-Site", "cross-site")
	b.reads(session, true)
	out(session, 303)
	b.reads(session, false)
	replica.reads(session, false)
	b.reads(phone, true)
	out(session, 303)
	out(sessionCookie+"=made-up.value", 303)
	out("", 303)
	b.reads(phone, true)
	_, _, again := b.signIn(token, "/", "Cookie", phone)
	b.reads(again, true)
	b.reads(phone, false) // a browser has one session: an id that was planted is not kept
}

// Nobody is told to be signed out who is not.
func TestSigningOutWithoutDatabase(t *testing.T) {
	b := newBrowser(t, func(o *Options) { o.Store = noSessions{o.Store} })
	status, _, h := b.ask(http.MethodPost, "/signout", "", "Cookie", sessionCookie+"="+newCookie(byFileToken(token)))
	if status != http.StatusServiceUnavailable || h.Get("Set-Cookie") != "" {
		t.Errorf("got %d, cookie %q", status, h.Get("Set-Cookie"))
	}
	if status, h, _ := b.signIn(token, "/"); status != http.StatusServiceUnavailable || h.Get("Set-Cookie") != "" {
		t.Errorf("a sign-in got %d, cookie %q", status, h.Get("Set-Cookie"))
	}
	b.reads(sessionCookie+"="+newCookie(byFileToken(token)), false)
}

// noSessions is a store whose database cannot be reached.
type noSessions struct{ Store }

var errNoDatabase = errors.New("no database")

func (noSessions) BeginSession(context.Context, store.Session, string) error { return errNoDatabase }

func (noSessions) Session(context.Context, string) (store.Session, error) {
	return store.Session{}, errNoDatabase
}
func (noSessions) EndSession(context.Context, string) error { return errNoDatabase }

// A session lasts as long as the token that began it is in the file.
func TestARemovedTokenEndsItsSessions(t *testing.T) {
	b := newBrowser(t, nil)
	_, _, session := b.signIn(token, "/")
	_, _, old := b.signIn(oldToken, "/")
	b.reads(old, true)
	write(t, b.server.TokenFile, token+"\n")
	b.reads(old, false)
	b.reads(session, true)
	write(t, b.server.TokenFile, token+"-rotated\n")
	b.reads(session, false)
	if err := os.Remove(b.server.TokenFile); err != nil {
		t.Fatal(err)
	}
	b.reads(session, false)
}

// The cookie that only this host can set is used wherever the browser comes by https, and
// the other one is then worth nothing.
func TestCookieBehindTLS(t *testing.T) {
	b := newBrowser(t, func(o *Options) { o.ExternalURL = "https://pushback.example.com" })
	_, h, session := b.signIn(token, "/")
	if cookie := h.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-") || !strings.Contains(cookie, "; Secure") || !strings.Contains(cookie, "Path=/;") {
		t.Errorf("cookie %q", cookie)
	}
	b.reads(session, true)
	b.reads(strings.TrimPrefix(session, "__Host-"), false)
	r := httptest.NewRequest(http.MethodPost, "https://pushback.example.com/signin", nil)
	if plain := newBrowser(t, nil); !plain.server.cookie(r, "x").Secure {
		t.Error("a session begun over TLS would be sent in the clear")
	}
}

// A flood of wrong tokens, made-up sessions and made-up links, from one address or from many,
// neither keeps a right one out nor makes the server keep anything.
func TestNobodyIsKeptOutByWrongTokens(t *testing.T) {
	b := newBrowser(t, nil)
	key := b.mustStore(bad)
	link := "/changes/" + key + "/approve?token="
	o, err := b.store.Order(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	limited := 0
	for i := range 10_000 / 4 {
		from := []string{"X-Forwarded-For", "203.0.113." + string(rune('0'+i%10))}
		if i%2 == 0 {
			from = nil
		}
		status, _, _ := b.signIn("a-wrong-token-of-a-stranger", "/", from...)
		if status == 429 {
			limited++
		} else if status != 401 {
			t.Fatalf("a wrong token: got %d", status)
		}
		for _, ask := range [][]string{
			{"/v1/status", "Authorization", "Bearer a-wrong-token-of-a-stranger"},
			{"/v1/status", "Cookie", sessionCookie + "=" + newCookie(byFileToken("a-wrong-token-of-a-stranger"))},
			{link + strings.Repeat("A", 64)},
		} {
			if status, _, _ := b.ask(http.MethodGet, ask[0], "", append(ask[1:], from...)...); status != 401 && status != 403 {
				t.Fatalf("%v: got %d", ask, status)
			}
		}
	}
	if limited == 0 {
		t.Error("no wrong token was limited")
	}
	status, _, session := b.signIn(token, "/")
	if status != 303 {
		t.Errorf("the right token: got %d", status)
	}
	b.reads(session, true)
	b.reads("", true, "Authorization", "Bearer "+token)
	if status, _, _ := b.ask(http.MethodGet, link+approvals.Token(o), ""); status != 200 {
		t.Errorf("the right link: got %d", status)
	}
	if n := strings.Count(b.log.String(), "sign-in refused"); n != wrongBurst {
		t.Errorf("%d lines in the log, want %d", n, wrongBurst)
	}
	if _, text, _ := b.ask(http.MethodGet, "/metrics", "", "Cookie", session); !strings.Contains(text, "pushback_sign_ins_refused_total 2500") {
		t.Error("not every wrong token is counted")
	}
}

func TestLocalPath(t *testing.T) {
	for _, next := range []string{"/", "/changes/abc", "/changes/cart%2F1.4.2", "/rules/checkout", "/?service=cart&before=2026-11-22T22%3A00%3A00Z", "/changes/caf%C3%A9", "/?service=a%20b"} {
		if got := localPath(next); got != next {
			t.Errorf("%q leads to %q", next, got)
		}
	}
	for _, next := range []string{
		"", "changes", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:evil.example", "javascript:alert(1)", "data:text/html,x",
		"/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "/\x00/evil.example", "/\x7f", "/\u0085/evil.example",
		"/%2f/evil.example", "/%2Fevil.example", "/%2f%2fevil.example", "/%5cevil.example", "/%5Cevil.example", "/%09/evil.example", "/%0d%0aSet-Cookie:x", "/%0a", "/%00", "/%7f", "/%c2%85",
		"/%252fevil.example", "/%255cevil.example", "/./evil.example", "/.//evil.example", "/..//evil.example", "/%2e%2e//evil.example", "/a/..//evil.example", "/a//evil.example", "/changes/",
		"//user@evil.example", "/@evil.example/..//x", "http:///evil.example", "http:/evil.example", "/\u200b/evil.example", "/\u202e", "/\u2028", "/%e2%80%ae", "/%ff", "/\xff", "/%", "/%zz", "*", "?x", "#x",
		"/?a=%0d%0a", "/?a=\t", "/?a=\\", "/?%00", "\u2215\u2215evil.example", "/\u00a0/evil",
	} {
		if got := localPath(next); got != "/" {
			t.Errorf("%q leads to %q", next, got)
		}
	}
}

// Both the form's page and the answer to it keep the address on the site.
func TestNextStaysOnTheSite(t *testing.T) {
	b := newBrowser(t, nil)
	for _, next := range []string{"/\t/evil.example", "//evil.example", "/\\evil.example", "/%2f/evil.example"} {
		if _, h, _ := b.signIn(token, next); h.Get("Location") != "/" {
			t.Errorf("%q leads to %q", next, h.Get("Location"))
		}
		if _, page, _ := b.ask(http.MethodGet, "/signin?next="+url.QueryEscape(next), ""); strings.Contains(page, "evil.example\"") {
			t.Errorf("%q is in the form", next)
		}
	}
}

// A stream that was open at the sign-out says nothing afterwards.
func TestSigningOutEndsStreams(t *testing.T) {
	b, keys := newStreaming(t)
	_, _, session := b.signIn(token, "/")
	b.endsStream(keys, "Cookie", session, func() { b.ask(http.MethodPost, "/signout", "", "Cookie", session) })
}

// A made-up cookie is refused without a look into the database, so that many of them keep
// nobody waiting.
func TestMadeUpCookiesCostNoLook(t *testing.T) {
	b := newBrowser(t, func(o *Options) { o.Store = noSessions{o.Store} })
	for _, made := range []string{newCookie(byFileToken("a-token-of-nobody-at-all")), strings.Repeat("A", 43) + "." + strings.Repeat("A", 43), "x"} {
		b.reads(sessionCookie+"="+made, false)
	}
	if log := b.log.String(); strings.Contains(log, errNoDatabase.Error()) {
		t.Errorf("the database was asked: %s", log)
	}
	b.reads(sessionCookie+"="+newCookie(byFileToken(token)), false)
	if log := b.log.String(); !strings.Contains(log, errNoDatabase.Error()) {
		t.Error("the database was not asked for a cookie that a token made")
	}
}
