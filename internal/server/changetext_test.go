package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// The journal is downloaded as it is stored: an entry a line, with its hash.
func TestJournalIsDownloaded(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	status, text, h := p.ask(http.MethodGet, "/v1/changes/"+key+"/journal.jsonl", "")
	if status != 200 || h.Get("Content-Type") != "application/jsonl" || h.Get("Content-Disposition") != `attachment; filename="journal-`+key+`.jsonl"` {
		t.Errorf("%d %v", status, h)
	}
	stored, err := p.store.Journal(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	read := strings.Split(strings.TrimSpace(text), "\n")
	if len(read) != len(stored) || len(stored) == 0 {
		t.Fatalf("%d lines of %d entries", len(read), len(stored))
	}
	for i, line := range read {
		var e api.AuditEntry
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq != stored[i].Seq || e.Hash != stored[i].Hash || string(e.Detail) != string(stored[i].Detail) {
			t.Errorf("%s: %v", line, err)
		}
	}
	if status, _, _ = p.ask(http.MethodGet, "/v1/changes/nothing/journal.jsonl", ""); status != 404 {
		t.Error(status)
	}
	p = listen(t, func(o *Options) { o.Listen = "0.0.0.0:0" })
	if status, _, _ = p.ask(http.MethodGet, "/v1/changes/"+key+"/journal.jsonl", ""); status != 401 {
		t.Errorf("without a token: %d", status)
	}
}

// A summary says what the page says, and texts from outside stay in code.
func TestSummaryInMarkdown(t *testing.T) {
	p := listen(t, nil)
	s := bad
	s.version, s.previous = "`]()<img>@all # v2", "``` v1"
	key := p.mustStore(s)
	status, text, h := p.ask(http.MethodGet, "/v1/changes/"+key+"/summary.md", "")
	if status != 200 || h.Get("Content-Type") != "text/markdown; charset=utf-8" {
		t.Errorf("%d %v", status, h)
	}
	for _, want := range []string{
		"It made things worse: errors went from 0.5 % to 3.1 %.", "| ` errors ` | ` 0.5 % ` | ` 3.1 % ` | ` +2.6 points", "the rollback to", "+14 min", "What happened:", "- [All about this change](<http",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "<img") {
			t.Errorf("markup from outside: %s", line)
		}
	}
}

// The page heads its columns as every other table of signals does, and those of parts too.
func TestOneHeadingForSignals(t *testing.T) {
	p := listen(t, nil)
	s := bad
	s.parts = 2
	page := p.show("/changes/"+p.mustStore(s), 200, "")
	for _, heading := range []string{report.ColumnBefore, report.ColumnAfter, report.ColumnChange, "p, by chance alone"} {
		if n := strings.Count(page, ">"+strings.ToUpper(heading[:1])+heading[1:]+"</th>") + strings.Count(page, ">"+heading+"</th>"); n < 2 {
			t.Errorf("%q heads %d columns, want those of the signals and of the parts", heading, n)
		}
	}
}

// A summary that is put into a postmortem shows its plot to everybody there, by an address that opens that picture alone;
// where addresses are not to be handed out it has none.
func TestSummaryHasAPicture(t *testing.T) {
	p := listen(t, func(o *Options) {
		sharing(o)
		o.SharePictures, o.ExternalURL = true, "https://pushback.example.org"
	})
	key := p.mustStore(bad)
	_, text, _ := p.ask(http.MethodGet, "/v1/changes/"+key+"/summary.md", "", "Authorization", "Bearer "+token)
	_, rest, found := strings.Cut(text, "\n!["+report.PlotText+"](<https://pushback.example.org/pictures/")
	address, _, closed := strings.Cut(rest, ">)\n")
	if status, painted, h := p.ask(http.MethodGet, "/pictures/"+address, ""); !found || !closed || status != 200 || h.Get("Content-Type") != "image/png" || len(painted) == 0 {
		t.Errorf("%d %v for %q in\n%s", status, h, address, text)
	}
	p = listen(t, nil)
	if _, text, _ = p.ask(http.MethodGet, "/v1/changes/"+p.mustStore(bad)+"/summary.md", ""); strings.Contains(text, "![") {
		t.Errorf("an address is handed out:\n%s", text)
	}
}

func TestChangeLinks(t *testing.T) {
	commit := func(of string) string { return strings.Repeat(of, 40) }
	s := &Server{}
	s.Inlets = []Inlet{{Name: "hub", Kind: "github", Site: "https://github.com"}, {Name: "lab", Kind: "gitlab", Site: "https://lab.example.org"}, {Name: "own", Kind: "generic"}}
	f := func(what, source, id, address, from, to, want string) {
		t.Helper()
		c := sources.Change{Kind: sources.Deploy, Version: to, Previous: from, URL: address, Witnesses: []sources.Witness{{Source: source, ChangeID: id}}}
		if got := s.compareURL(c); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	a, b := commit("a"), commit("b")
	f("GitHub", "hub", "github:acme/cart/17", "", a, b, "https://github.com/acme/cart/compare/"+a+"..."+b)
	f("tags", "hub", "github:acme/cart/releases/17", "", "v1.2+x", "v1.3", "https://github.com/acme/cart/compare/v1.2+x...v1.3")
	f("GitLab", "lab", "gitlab:1/17", "https://lab.example.org/shop/team/cart/-/jobs/8", a, b, "https://lab.example.org/shop/team/cart/-/compare/"+a+"..."+b)
	f("another host", "lab", "gitlab:1/17", "https://evil.example/shop/cart/-/jobs/8", a, b, "")
	f("a host that begins alike", "lab", "gitlab:1/17", "https://lab.example.org.evil.example/shop/cart/-/jobs/8", a, b, "")
	f("no page", "lab", "gitlab:1/17", "", a, b, "")
	f("an id with a path", "hub", "github:../../evil/17", "", a, b, "")
	f("an id of another tool", "own", "github:acme/cart/17", "", a, b, "")
	f("no version before", "hub", "github:acme/cart/17", "", "", b, "")
	f("the same version", "hub", "github:acme/cart/17", "", a, a, "")
	f("a version with a path", "hub", "github:acme/cart/17", "", a, "../../x", "")
	f("a version with a query", "hub", "github:acme/cart/17", "", a, "x?y=1", "")
}

// The link to a dashboard has the time that the verdicts are about, and stays the same while the page is open.
func TestShownTime(t *testing.T) {
	began := testNow
	e := api.Explanation{Change: api.ChangeSummary{Change: api.Change{Change: sources.Change{StartedAt: began}}}}
	f := func(what string, from, to time.Duration) {
		t.Helper()
		a, b := shownTime(e)
		if a.Sub(began) != from || b.Sub(began) != to {
			t.Errorf("%s: %v to %v", what, a.Sub(began), b.Sub(began))
		}
	}
	f("nothing watched", -30*time.Minute, time.Hour)
	w := api.Watch{BaseAt: began, Until: began.Add(2 * time.Hour), EndedAt: began.Add(3 * time.Hour)}
	w.Plan.Tick, w.Plan.Before = time.Minute, 60
	e.Watches = []api.Watch{w}
	f("watched", -time.Hour, 3*time.Hour)
	e.Change.URL = "https://forge.example.org/a/b/compare/v1...v2"
	s := &Server{}
	s.Dashboard = func(c sources.Change, from, to time.Time) string { return "https://grafana.example.org/d/x" }
	if links := s.changeLinks(e); len(links) != 2 || links[0].Word != "What changed" || links[0].URL != e.Change.URL || links[1].Word != "Grafana" {
		t.Errorf("%+v", links)
	}
}

// People who may respond say from the page whether a verdict was right; others are shown no form, and are refused.
func TestSayingWhetherItWasRight(t *testing.T) {
	alarms := &notedAlarms{}
	p := listen(t, func(o *Options) { o.Rules = alarms })
	fired, silent := p.mustStore(bad), p.mustStore(fixture{service: "search", version: "2", ago: time.Hour, state: "healthy", before: 0.1, after: 0.1})
	if page := p.show("/changes/"+fired, 200, "Sign in to say whether it was right"); strings.Contains(page, "/false-alarm\"") {
		t.Error("a form is shown to whoever may only read")
	}
	_, _, h := p.ask(http.MethodPost, "/signin", "token="+token, "Content-Type", "application/x-www-form-urlencoded")
	session, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	say := func(key, what, body string, want int, more ...string) {
		t.Helper()
		headers := append([]string{"Content-Type", "application/x-www-form-urlencoded"}, more...)
		if status, answer, _ := p.ask(http.MethodPost, "/changes/"+key+"/"+what, body, headers...); status != want {
			t.Errorf("%s %v: %d %s, want %d", what, more, status, answer, want)
		}
	}
	say(fired, "false-alarm", "actor=mallory", 303) // to the sign-in page
	say(fired, "false-alarm", "actor=mallory", 403, "Cookie", session, "Sec-Fetch-Site", "cross-site")
	say(fired, "false-alarm", "actor=", 400, "Cookie", session)
	if len(alarms.of)+len(alarms.missed) > 0 {
		t.Fatal("something was said: ", alarms)
	}
	say(fired, "false-alarm", "actor=amy&why=the+load+test", 303, "Cookie", session)
	say(silent, "missed", "actor=amy", 303, "Cookie", session)
	if len(alarms.of) != 1 || alarms.of[0] != fired || len(alarms.missed) != 1 || alarms.missed[0] != silent {
		t.Errorf("%+v", alarms)
	}
	signedPage := func(key string) string {
		_, page, _ := p.ask(http.MethodGet, "/changes/"+key, "", "Cookie", session)
		return page
	}
	if page := signedPage(fired); !strings.Contains(page, "False alarm: red was wrong") || strings.Contains(page, "Missed: red") {
		t.Error("of a change at which a rule fired, the page does not offer to call it a false alarm alone")
	}
	if page := signedPage(silent); strings.Contains(page, "False alarm: red") || !strings.Contains(page, "Missed: red did not find a bad change") {
		t.Error("of a healthy change, the page does not offer to call it missed alone")
	}
}

// Numbers on the page are those of the stored verdict.
func TestPageHasTheNumbersOfTheVerdict(t *testing.T) {
	p := listen(t, nil)
	s := bad
	s.before, s.after = 0.0051237, 0.0313499
	key := p.mustStore(s)
	e := get[api.Explanation](p, "/v1/changes/"+key).Watches[0].Last.Verdict.Signals[0]
	if e.Effect.Forecast != s.before || e.Effect.After != s.after {
		t.Fatalf("%+v", e.Effect)
	}
	p.show("/changes/"+key, 200, ">0.512 %<", ">3.13 %<", "went from 0.512 % to 3.13 %", "2.62 pp", ">0.0004<", "1.84 pp to &#43;3.41 pp")
}
