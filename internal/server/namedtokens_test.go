package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// answers checks the status of GET /v1/status with a token, and a text of the answer.
func (p *testServer) answers(given string, want int, text string) {
	p.t.Helper()
	status, answer, _ := p.ask(http.MethodGet, "/v1/status", "", "Authorization", "Bearer "+given)
	if status != want || !strings.Contains(answer, text) {
		p.t.Errorf("got %d %s, want %d and %q", status, answer, want, text)
	}
}

// A token ends when it is revoked, on every replica and with its sessions; and when its time is over.
func TestNamedTokensEnd(t *testing.T) {
	one := openStore(t)
	testNamedTokensEnd(t, one, one)
}

func testNamedTokensEnd(t *testing.T, first, second *store.Store) {
	t.Helper()
	tokens := tokenFile(t)
	with := func(st *store.Store) func(*Options) {
		return func(o *Options) { o.Store, o.Engine, o.TokenFile = st, storeEngine{st}, tokens }
	}
	b, replica := newBrowser(t, with(first)), newBrowser(t, with(second))
	made := b.makeToken(api.NewToken{Name: "ci", Role: "responder"})
	short := replica.makeToken(api.NewToken{Name: "short", Role: "viewer", Expires: testNow.Add(90 * time.Minute)})
	for _, p := range []*browser{b, replica} {
		p.answers(made, 200, "")
		p.answers(short, 200, "")
	}
	_, _, session := b.signIn(made, "/")
	_, _, ofShort := b.signIn(short, "/")
	replica.reads(session, true)
	replica.reads(ofShort, true)
	status, answer, _ := b.ask(http.MethodPost, "/v1/tokens/ci/revoke", `{"actor":"bob"}`, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	if status != 200 || !strings.Contains(answer, `"state":"revoked"`) {
		t.Fatalf("revoking: %d %s", status, answer)
	}
	for _, p := range []*browser{b, replica} {
		p.answers(made, 401, "the token ci was revoked at 2026-11-22T22:00:00Z")
		p.reads(session, false)
		p.reads(ofShort, true)
		p.now = p.now.Add(90*time.Minute - time.Microsecond)
		p.answers(short, 200, "")
		p.reads(ofShort, true)
		p.now = p.now.Add(time.Microsecond)
		p.answers(short, 401, "the token short expired at 2026-11-22T23:30:00Z")
		p.reads(ofShort, false)
	}
	if status, _, _ := b.signIn(made, "/"); status != 401 {
		t.Errorf("signing in with a revoked token: %d", status)
	}
}

// The token stands in the one answer and nowhere else.
func TestATokenIsShownOnce(t *testing.T) {
	b := newBrowser(t, nil)
	made := b.makeToken(api.NewToken{Name: "ci", Role: "viewer", Scopes: []string{"report", "read"}, Teams: []string{"shop", "shop"}})
	b.answers(made, 200, "")
	hash, _ := b.server.signInKey(t.Context()).CheckToken(made)
	_, list, _ := b.ask(http.MethodGet, "/v1/tokens", "", "Authorization", "Bearer "+token)
	journal, err := b.store.Journal(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	said, err := json.Marshal(journal)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"the list": list, "the log": b.log.String(), "the journal": string(said)} {
		if strings.Contains(text, made) || strings.Contains(text, hash) || !strings.Contains(text, `ci`) {
			t.Errorf("%s: %s", what, text)
		}
	}
	var all api.Tokens
	if err := json.Unmarshal([]byte(list), &all); err != nil || len(all.Tokens) != 1 {
		t.Fatalf("%s, %v", list, err)
	}
	got := all.Tokens[0]
	if got.CreatedBy != "the test" || got.State != "in force" || !got.Used.Equal(testNow) || strings.Join(got.Scopes, " ") != "read report" || strings.Join(got.Teams, " ") != "shop" {
		t.Errorf("%+v", got)
	}
}

// What no token may be.
func TestNewTokensAreChecked(t *testing.T) {
	b, f := signedServer(t, nil)
	operator := b.makeToken(api.NewToken{Name: "op", Role: "operator"})
	good := api.NewToken{Name: "new", Role: "viewer", Expires: testNow.Add(time.Hour), Actor: "ada"}
	g := func(want int, text string, change func(*api.NewToken), headers ...string) {
		t.Helper()
		ask := good
		change(&ask)
		body, err := json.Marshal(ask)
		if err != nil {
			t.Fatal(err)
		}
		if len(headers) == 0 {
			headers = []string{"Authorization", "Bearer " + token}
		}
		status, answer, _ := b.ask(http.MethodPost, "/v1/tokens", string(body), append([]string{"Content-Type", "application/json"}, headers...)...)
		if status != want || !strings.Contains(answer, text) {
			t.Errorf("%s: %d %s, want %d and %q", body, status, answer, want, text)
		}
	}
	same := func(*api.NewToken) {}
	g(403, "a named token creates no tokens", same, "Authorization", "Bearer "+operator)
	_, _, session := b.signIn(operator, "/")
	g(403, "a named token creates no tokens", same, "Cookie", session)
	g(403, "operator", same, "Cookie", b.signInAt(f, "rob", "oncall"))
	g(403, "is not about one service", same, "Cookie", b.signInAt(f, "sue", "shop-sre"))
	g(422, "name", func(n *api.NewToken) { n.Name = "../x" })
	g(422, "role", func(n *api.NewToken) { n.Role = "root" })
	g(422, "is no scope", func(n *api.NewToken) { n.Scopes = []string{"all"} })
	g(422, "the scope operate needs the role operator", func(n *api.NewToken) { n.Scopes = []string{"operate"} })
	g(422, "empty name", func(n *api.NewToken) { n.Teams = []string{"shop", ""} })
	g(422, "366 days", func(n *api.NewToken) { n.Expires = testNow })
	g(422, "366 days", func(n *api.NewToken) { n.Expires = testNow.Add(identity.LongestToken + time.Second) })
	g(422, "actor", func(n *api.NewToken) { n.Actor = "" })
	g(201, `"created_by":"ada@example.org"`, func(n *api.NewToken) { n.Name = "byada" }, "Cookie", b.signInAt(f, "ada@example.org", "sre"))
	g(201, `"token":"pbt_`, same)
	g(409, "in force already", same)
}

// A row that makes no sense gives no rights.
func TestDamagedTokensHaveNoRights(t *testing.T) {
	b := newBrowser(t, nil)
	for i, damage := range []func(*store.Token){
		func(t *store.Token) { t.Role = "root" }, func(t *store.Token) { t.Role = "" }, func(t *store.Token) { t.Scopes = nil }, func(t *store.Token) { t.Scopes = []string{"everything"} },
		func(t *store.Token) { t.Scopes = []string{"operate"} }, func(t *store.Token) { t.ExpiresAt = time.Time{} },
	} {
		text, hash := b.server.signInKey(t.Context()).NewToken([identity.RandomBytes]byte{byte(i)})
		row := store.Token{Hash: hash, Name: "t" + string(rune('a'+i)), Role: "viewer", Scopes: []string{"read"}, CreatedAt: testNow, ExpiresAt: testNow.Add(time.Hour)}
		damage(&row)
		if err := b.store.CreateToken(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		b.answers(text, 401, "")
	}
}

// countedTokens counts the reads of tokens.
type countedTokens struct {
	Store
	reads *atomic.Int64
}

func (c countedTokens) Token(ctx context.Context, hash string) (store.Token, error) {
	c.reads.Add(1)
	return c.Store.Token(ctx, hash)
}

// A made-up token costs no look into the database; while it cannot be read, named tokens are refused and those of
// the file are not.
func TestMadeUpTokensCostNoLook(t *testing.T) {
	var reads atomic.Int64
	b := newBrowser(t, func(o *Options) { o.Store = countedTokens{o.Store, &reads} })
	made := b.makeToken(api.NewToken{Name: "ci", Role: "viewer"})
	other := newBrowser(t, nil).makeToken(api.NewToken{Name: "ci", Role: "operator"})
	last := "x"
	if strings.HasSuffix(made, last) {
		last = "y"
	}
	for _, given := range []string{other, made + "a", made[:len(made)-1] + last, identity.Prefix + strings.Repeat("a", 64)} {
		b.answers(given, 401, "this token is wrong")
		if status, _, _ := b.signIn(given, "/"); status != 401 && status != 429 {
			t.Errorf("%q signed in: %d", given, status)
		}
	}
	if n := reads.Load(); n != 0 {
		t.Errorf("%d reads", n)
	}
	b.answers(made, 200, "")
	if n := reads.Load(); n != 1 {
		t.Errorf("%d reads of a right token", n)
	}
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	b.answers(made, 401, "")
	if status, _, _ := b.ask(http.MethodGet, "/openapi.json", "", "Authorization", "Bearer "+token); status != 200 {
		t.Errorf("a token of the file without a database: %d", status)
	}
}

// A stream ends with its token.
func TestARevokedTokenEndsItsStream(t *testing.T) {
	b, keys := newStreaming(t)
	made := b.makeToken(api.NewToken{Name: "wall", Role: "viewer"})
	b.endsStream(keys, "Authorization", "Bearer "+made, func() {
		b.ask(http.MethodPost, "/v1/tokens/wall/revoke", `{"actor":"bob"}`, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	})
}

// newStreaming is a browser, and the keys that its streams are told.
func newStreaming(t *testing.T) (*browser, chan<- string) {
	keys := make(chan string)
	return newBrowser(t, func(o *Options) { o.Subscribe = sending(keys) }), keys
}

// endsStream checks that an open stream says nothing more after end. It may have ended by itself before it is told
// the next key, or end when it is told.
func (b *browser) endsStream(keys chan<- string, header, value string, end func()) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.URL+"/v1/stream", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set(header, value)
	stream, err := b.Client().Do(r)
	if err != nil || stream.StatusCode != http.StatusOK {
		b.t.Fatal(err, stream)
	}
	defer stream.Body.Close()
	keys <- "before"
	lines := bufio.NewReader(stream.Body)
	for line := ""; !strings.Contains(line, "before"); {
		if line, err = lines.ReadString('\n'); err != nil {
			b.t.Fatalf("the stream does not say that something moved: %v", err)
		}
	}
	end()
	ended := make(chan error, 1)
	go func() { ended <- readsNothing(lines, "after") }()
	select {
	case err = <-ended:
	case keys <- "after":
		err = <-ended
	}
	if err != nil {
		b.t.Error(err)
	}
}

// readsNothing reads to the end, or to the first line that has a text.
func readsNothing(lines *bufio.Reader, text string) error {
	for {
		line, err := lines.ReadString('\n')
		switch {
		case strings.Contains(line, text):
			return fmt.Errorf("after its end the stream said %q", line)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("the stream does not end: %w", err)
		}
	}
}
