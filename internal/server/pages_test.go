package server

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/notify"
)

// show requests a page, and fails the test unless it contains every text.
func (p *testServer) show(path string, want int, texts ...string) string {
	p.t.Helper()
	status, page, h := p.ask(http.MethodGet, path, "")
	if status != want || h.Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasSuffix(page, "</html>") {
		p.t.Errorf("GET %s: got %d (%s), want a whole page and %d", path, status, h.Get("Content-Type"), want)
	}
	for _, text := range texts {
		if !strings.Contains(page, text) {
			p.t.Errorf("GET %s: no %q in the page", path, text)
		}
	}
	return page
}

func TestPagesSayIt(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Ready = func() []api.ComponentProblem {
			return []api.ComponentProblem{{Component: "metrics/default", Detail: "connection refused"}}
		}
		o.Frozen = func() (bool, string) { return true, "black friday" }
	})
	p.show("/changes", 200, "No changes yet")
	p.show("/", 200, "Nothing is being watched", "pushback deploy --service cart")
	key := p.mustStore(bad)
	p.show("/", 200, "cart", "1.4.2", "Certain harm", "Roll back cart 1.4.2 to 1.4.1?", "black friday", "connection refused")
	p.show("/changes", 200, "cart", "1.4.2", "Certain harm", "black friday", "connection refused")
	p.show("/changes/"+key, 200,
		"errors went from 0.5 % to 3.1 %", // the headline
		"A rollback to 1.4.1 waits", "pp to", "count test", "0.0004", "latency.mean", "185 ms",
		`sum(increase(http_requests_total{job=&#34;cart&#34;,code=~&#34;5..&#34;}[1m]))`, "1\u2009084 of 36\u2009118",
		`Runbook: <a href="https://wiki.example.org/red"`, "platform-chat", "cart 1.4.2 made errors worse", "judged", `data-plot="0 0"`)
	p.show("/changes?service=search", 200, "Nothing found")
	p.show("/changes/nothing", 404, "no change of that name")
	p.show("/signin", 200, "Paste a token")
	p.show("/docs", 200, "Report a change")
}

// A message that was not sent says which one spoke for it, on the page and in the API.
func TestGroupedMessageNamesTheOne(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	folded, into, err := p.store.FoldOutgoing(t.Context(), key+".chat", "fleet/h1", notify.Message{Key: "fleet/h1"}, testNow)
	if err != nil || !folded {
		t.Fatal(folded, err)
	}
	p.show("/changes/"+key, 200, "told with all others in "+into.ID)
	if _, answer, _ := p.ask("GET", "/v1/changes/"+key, "", "Authorization", "Bearer "+token); !strings.Contains(answer, `"grouped_in":"`+into.ID+`"`) {
		t.Error(answer)
	}
}

// What a tool sends is shown as text everywhere, never as HTML.
func TestHostileTextIsEscaped(t *testing.T) {
	p := listen(t, nil)
	s := bad
	s.service, s.version, s.previous = `<script>alert("s")</script>`, `"><img src=x onerror=alert(1)>`, `</script><script>alert(2)</script>`
	key := p.mustStore(s)
	for _, path := range []string{"/", "/changes/" + key, "/changes", "/changes?service=%22%3E%3Cscript%3Ealert(3)%3C/script%3E", "/services/" + url.PathEscape(s.service), "/signin?next=%22%3E%3Cscript%3Ealert(4)"} {
		page := p.show(path, 200)
		for _, raw := range []string{"<script>alert", "<img src=x", "</script><script>"} {
			if strings.Contains(page, raw) {
				t.Errorf("GET %s: %q stands in the page as it was sent", path, raw)
			}
		}
	}
}

func TestApprovingFromThePage(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	p.show("/changes/"+key, 200, "Sign in to approve or reject")
	_, _, h := p.ask(http.MethodPost, "/signin", "token="+token, "Content-Type", "application/x-www-form-urlencoded")
	session, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	approve := func(want int, body string, more ...string) {
		t.Helper()
		headers := append([]string{"Content-Type", "application/x-www-form-urlencoded"}, more...)
		if status, answer, _ := p.ask(http.MethodPost, "/changes/"+key+"/approve", body, headers...); status != want {
			t.Errorf("approve %q %v: got %d %s, want %d", body, more, status, answer, want)
		}
	}
	state := func(want string) {
		t.Helper()
		if o := get[api.Order](p, "/v1/orders/"+key); o.State != want {
			t.Errorf("the order is %s, want %s", o.State, want)
		}
	}
	approve(303, "actor=mallory") // to the sign-in page
	approve(403, "actor=mallory", "Cookie", session, "Sec-Fetch-Site", "cross-site")
	approve(403, "actor=mallory", "Cookie", session, "Origin", "https://evil.example.com")
	approve(400, "actor=+", "Cookie", session)
	state("proposed")
	approve(303, "actor=alice", "Cookie", session, "Sec-Fetch-Site", "same-origin")
	state("approved")
	approve(409, "actor=bob", "Cookie", session)
}

func TestAssetsAreOurs(t *testing.T) {
	p := listen(t, nil)
	for path, want := range map[string]string{
		"/assets/app.css": "text/css", "/assets/app.js": "javascript", "/assets/plot.js": "javascript", "/assets/icons.svg": "svg",
		"/assets/uplot/uPlot.iife.min.js": "javascript", "/assets/uplot/uPlot.min.css": "text/css", "/assets/uplot/LICENSE": "",
	} {
		status, _, h := p.ask(http.MethodGet, path, "")
		if status != http.StatusOK || !strings.Contains(h.Get("Content-Type"), want) {
			t.Errorf("GET %s: %d (%s)", path, status, h.Get("Content-Type"))
		}
	}
}
