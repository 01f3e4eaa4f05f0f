package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// knowing makes a server whose catalogue has cart and search.
func knowing(o *Options) {
	o.Services = func() []string { return []string{"cart", "search"} }
	o.Knows = func(service string) (known, sure bool) { return service == "cart" || service == "search", true }
	o.Warn = func(ev sources.Event, c sources.Change) (all []api.Warning) {
		if known, _ := o.Knows(c.Service); !known {
			all = append(all, api.Warning{Code: unknownService, Detail: "no service " + c.Service})
		}
		return append(all, api.Warning{Code: "unwatched", Detail: ev.Service})
	}
}

func own() []string {
	return []string{"Content-Type", "application/json", "Authorization", "Bearer " + token}
}

func statusOf(t *testing.T, p *testServer) (s api.Status) {
	t.Helper()
	_, answer, _ := p.ask(http.MethodGet, "/v1/status", "", own()...)
	if err := json.Unmarshal([]byte(answer), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUnknownServices(t *testing.T) {
	p := listen(t, func(o *Options) { withGitHub(t)(o); knowing(o) })
	f := func(path, body string, want int, holds string, headers ...string) {
		t.Helper()
		status, answer, _ := p.ask(http.MethodPost, path, body, headers...)
		if status != want || !strings.Contains(answer, holds) {
			t.Errorf("%s: %d %s, want %d with %q", path, status, answer, want, holds)
		}
	}
	misspelt := func(id string) string { return strings.Replace(event(id), "cart", "cartt", 1) }
	f("/v1/events", event("d1"), 201, `"warnings":[{"code":"unwatched"`, own()...)
	f("/v1/events", misspelt("d2"), 201, `"warnings":[{"code":"unknown-service","detail":"no service cartt"}`, own()...)
	f("/v1/events?unknown=allow", misspelt("d3"), 201, `"warnings":[{"code":"unwatched"`, own()...)
	f("/v1/events?unknown=refuse", misspelt("d4"), 422, "no service cartt; nearest: cart", own()...)
	f("/v1/events?unknown=refuse", event("d5"), 201, "", own()...)
	f("/v1/events?unknown=perhaps", event("d6"), 400, "unknown is none of allow, warn, refuse", own()...)
	delivery := strings.ReplaceAll(deployment(1, "success"), "octo/cart", "octo/krt")
	f("/hooks/github", delivery, 201, `"no service krt"`, githubHeaders(delivery)...)
	f("/hooks/github", delivery, 200, "", githubHeaders(delivery)...) // told again

	got := statusOf(t, p).Unknown
	want := []api.UnknownService{
		{Service: "cartt", Source: "api", Since: testNow, Last: testNow, Events: 2, Nearest: "cart"},
		{Service: "krt", Source: "github", Since: testNow, Last: testNow, Events: 1, Nearest: ""},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("unknown services %v, want %v", got, want)
	}
	if _, page, _ := p.ask(http.MethodGet, "/", "", own()...); !strings.Contains(page, "Unknown services") || !strings.Contains(page, "nearest: cart") {
		t.Error("the page does not show them")
	}
	// A service that the catalogue has learned since is not unknown any more.
	p.server.Knows = func(string) (bool, bool) { return true, true }
	if got := statusOf(t, p).Unknown; len(got) != 0 {
		t.Errorf("%v is still unknown", got)
	}
}

// TestHostileNamesOfUnknownServices: a name is never markup, and the list stays bounded.
func TestHostileNamesOfUnknownServices(t *testing.T) {
	p := listen(t, knowing)
	for i := range 2*maxUnknown + 1 {
		name := fmt.Sprintf(`<script>alert(%d)</script>`, i)
		body := strings.Replace(event(fmt.Sprint("d", i)), "cart", name, 1)
		if status, answer, _ := p.ask(http.MethodPost, "/v1/events", body, own()...); status != http.StatusCreated {
			t.Fatal(status, answer)
		}
	}
	if got := statusOf(t, p).Unknown; len(got) != maxUnknown {
		t.Errorf("%d names are remembered, want %d", len(got), maxUnknown)
	}
	if _, page, _ := p.ask(http.MethodGet, "/", "", own()...); strings.Contains(page, "<script>alert") || !strings.Contains(page, "&lt;script&gt;alert") {
		t.Error("a name stands on the page as markup")
	}
}

func TestTheNewestUnknownServicesStay(t *testing.T) {
	var u unknownServices
	for i := range maxUnknown + 10 {
		u.note(fmt.Sprint("s", i), "ci", testNow.Add(time.Duration(i)*time.Second))
		u.note("always", "ci", testNow.Add(time.Duration(i)*time.Second))
	}
	kept := map[string]int{}
	for _, one := range u.all() {
		kept[one.Service] = one.Events
	}
	if len(kept) != maxUnknown || kept["always"] != maxUnknown+10 || kept["s0"] != 0 || kept[fmt.Sprint("s", maxUnknown+9)] != 1 {
		t.Errorf("%d kept: %v", len(kept), kept)
	}
}

func TestGateAndHoldOfUnknownServices(t *testing.T) {
	p := listen(t, knowing)
	f := func(method, path, body string, want int, holds string, warned bool) {
		t.Helper()
		status, answer, _ := p.ask(method, path, body, own()...)
		if status != want || !strings.Contains(answer, holds) || strings.Contains(answer, "warnings") != warned {
			t.Errorf("%s: %d %s, want %d with %q", path, status, answer, want, holds)
		}
	}
	f(http.MethodGet, "/v1/gate/cart", "", 200, `"open":true`, false)
	f(http.MethodGet, "/v1/gate/cartt", "", 200, "no service cartt; nearest: cart", true)
	f(http.MethodGet, "/v1/gate/cartt?unknown=allow", "", 200, `"open":true`, false)
	f(http.MethodGet, "/v1/gate/cartt?unknown=refuse", "", 422, "no service cartt; nearest: cart", false)
	const hold = `{"service":"cartt","why":"incident","actor":"amy"}`
	f(http.MethodPost, "/v1/holds?unknown=refuse", hold, 422, "nearest: cart", false)
	f(http.MethodGet, "/v1/holds", "", 200, `"holds":[]`, false)
	f(http.MethodPost, "/v1/holds", hold, 200, "nearest: cart", true)
	f(http.MethodPost, "/v1/holds?unknown=refuse", `{"why":"all","actor":"amy"}`, 200, `"id"`, false)
}

// TestPathsBecomeChanges: one event of a repository with many services begins a change for each, and
// the source may speak for each of them, or nothing is stored.
func TestPathsBecomeChanges(t *testing.T) {
	paths, err := changes.Paths{"services/cart/**": {"cart"}, "libs/**": {"cart", "search"}, "docs/**": {}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	p := listen(t, func(o *Options) {
		knowing(o)
		o.Paths = paths
		o.Canonical = func(e sources.Event) sources.Event { e.Service = "mapped-" + e.Service; return e }
	})
	f := func(id, files string, want int, services ...string) {
		t.Helper()
		status, answer, _ := p.ask(http.MethodPost, "/v1/events", event(id, `"paths":[`+files+`]`), own()...)
		var a api.Accepted
		if err := json.Unmarshal([]byte(answer), &a); err != nil || status != want {
			t.Fatalf("%s: %d %s", files, status, answer)
		}
		var got []string
		if a.Key != "" {
			got = append(got, a.Change.Service)
		}
		for _, other := range a.Others {
			got = append(got, other.Service)
		}
		if fmt.Sprint(got) != fmt.Sprint(services) {
			t.Errorf("%s: %v, want %v", files, got, services)
		}
	}
	f("d1", `"libs/log.go"`, 201, "search", "cart")
	f("d1", `"libs/log.go"`, 200, "search", "cart") // told again
	f("d2", `"services/cart/a"`, 201, "cart")
	f("d3", `"Makefile"`, 201, "mapped-cart")
	f("d4", `"docs/a"`, 202)
	f("d5", `""`, 400)
	stored, err := p.store.Changes(t.Context(), store.ChangeFilter{})
	if err != nil || len(stored) != 4 {
		t.Errorf("%d changes are stored, %v; want 4", len(stored), err)
	}
	for _, c := range stored {
		if raw := fmt.Sprint(c); strings.Contains(raw, "libs/log.go") {
			t.Error("the files are stored with the change")
		}
	}

	taker := p.server.Taker("bus", Endpoint{Services: []string{"cart"}, Paths: paths})
	e := sources.Event{EventID: "1", ChangeID: "c", Service: "mono", Version: "v9", Status: sources.Started, At: testNow, Paths: []string{"libs/x"}}
	if err := taker(t.Context(), changes.Delivery{Events: []sources.Event{e}}); !changes.Refused(err) {
		t.Errorf("a source spoke for search: %v", err)
	}
}
