package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// get requests path and decodes the answer into a T.
func get[T any](p *testServer, path string) (answer T) {
	p.t.Helper()
	status, body, _ := p.ask(http.MethodGet, path, "")
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		p.t.Fatalf("GET %s: %d %s: %v", path, status, body, err)
	}
	return answer
}

func TestExplainChange(t *testing.T) {
	p := listen(t, nil)
	key := p.mustStore(bad)
	for _, name := range []string{key, key[:8], "cart%2F1.4.2"} {
		e := get[api.Explanation](p, "/v1/changes/"+name)
		if e.Change.Key != key || e.Change.Grade != "certain" || e.Change.Order != "proposed" || e.Order.Target != "1.4.1" ||
			len(e.Messages) != 1 || len(e.Journal) == 0 || !strings.HasSuffix(e.Page, "/changes/"+key) {
			t.Errorf("by %q: %+v", name, e)
		}
		last := e.Watches[0].Last
		if last == nil || last.Verdict.Signals[0].Effect.After != bad.after || len(last.Observation.Readings[0].Before.Value) != 30 {
			t.Errorf("the record does not hold what was seen: %+v", last)
		}
	}
	records := get[api.Records](p, "/v1/changes/"+key+"/records")
	if len(records.Watches) != 1 || len(records.Watches[0].Records) != 1 {
		t.Errorf("records: %+v", records)
	}
	if none := get[api.Records](p, "/v1/changes/"+key+"/records?watch=other"); len(none.Watches) != 0 {
		t.Errorf("records of another watch: %+v", none)
	}
}

// A reason that belongs to no signal is shown with the watch, on the page and in
// the API.
func TestReasonIsShown(t *testing.T) {
	for _, reason := range []detector.Reason{detector.FailedRollout, detector.Confounded} {
		p := listen(t, nil)
		s := bad
		s.reason = reason
		key := p.mustStore(s)
		w := get[api.Explanation](p, "/v1/changes/"+key).Watches[0]
		if w.Reason != string(reason) || w.Last.Verdict.Reason != reason {
			t.Errorf("the API says %q, and of the verdict %q; want %q", w.Reason, w.Last.Verdict.Reason, reason)
		}
		p.show("/changes/"+key, 200, detector.Reasons[reason])
	}
}

func TestChangesThatCannotBeNamed(t *testing.T) {
	p := listen(t, nil)
	for _, service := range []string{"cart", "search"} {
		body := strings.Replace(event("same", `"event_id":"`+service+`"`), `"cart"`, `"`+service+`"`, 1)
		p.ask(http.MethodPost, "/v1/events", body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	}
	f := func(path string, want, keys int) {
		t.Helper()
		status, body, _ := p.ask(http.MethodGet, path, "")
		var problem api.Problem
		if err := json.Unmarshal([]byte(body), &problem); err != nil || status != want || len(problem.Keys) != keys || problem.Hint == "" {
			t.Errorf("GET %s: %d %s, want %d with %d keys and a hint", path, status, body, want, keys)
		}
	}
	f("/v1/changes/same", 409, 2)
	f("/v1/changes/nothing", 404, 0)
	f("/v1/orders/nothing", 404, 0)
	f("/v1/changes?limit=none", 422, 0)
	f("/v1/changes?limit=1000", 422, 0)
	f("/v1/changes?actor=me", 422, 0)
	f("/v1/changes?Service=cart", 422, 0)
}

func TestListIsPaged(t *testing.T) {
	p := listen(t, nil)
	for i := range 5 {
		s := bad
		s.version, s.ago, s.order = fmt.Sprint("1.", i), time.Duration(10+i)*time.Minute, ""
		p.mustStore(s)
	}
	var seen []string
	path := "/v1/changes?service=cart&limit=2"
	for next := path; next != ""; {
		page := get[api.Changes](p, next)
		for _, c := range page.Changes {
			seen = append(seen, c.Version)
		}
		if next = ""; !page.Before.IsZero() {
			next = path + "&before=" + page.Before.Format(time.RFC3339Nano)
		}
	}
	if got := strings.Join(seen, " "); got != "1.0 1.1 1.2 1.3 1.4" {
		t.Errorf("pages hold %s", got)
	}
	if other := get[api.Changes](p, "/v1/changes?service=search"); len(other.Changes) != 0 {
		t.Errorf("another service has %d changes", len(other.Changes))
	}
}

func TestOrdersAreSettledOnce(t *testing.T) {
	f := func(verb string, want rollback.State) {
		t.Helper()
		p := listen(t, nil)
		key := p.mustStore(bad)
		decide := func(body string, want int) string {
			t.Helper()
			status, answer, _ := p.ask(http.MethodPost, "/v1/orders/"+key+"/"+verb, body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
			if status != want {
				t.Errorf("%s: got %d %s, want %d", verb, status, answer, want)
			}
			return answer
		}
		decide(`{}`, 422)
		decide(`{"actor":""}`, 422)
		if answer := decide(`{"actor":"alice","why":"looks bad"}`, 200); !strings.Contains(answer, `"state":"`+string(want)+`"`) {
			t.Errorf("%s answers %s", verb, answer)
		}
		decide(`{"actor":"bob"}`, 409)
		if o := get[api.Order](p, "/v1/orders/"+key); o.Actor != "alice" {
			t.Errorf("decided by %q", o.Actor)
		}
	}
	f("approve", rollback.Approved)
	f("reject", rollback.Cancelled)
}

func TestOrdersByState(t *testing.T) {
	p := listen(t, nil)
	p.mustStore(bad)
	if n := len(get[api.Orders](p, "/v1/orders?state=proposed,approved").Orders); n != 1 {
		t.Errorf("%d proposed orders", n)
	}
	if n := len(get[api.Orders](p, "/v1/orders?state=done").Orders); n != 0 {
		t.Errorf("%d done orders", n)
	}
	if s := get[api.Status](p, "/v1/status"); s.Watches != 1 || s.Orders != 1 || len(s.Proposed) != 1 || !s.Ready {
		t.Errorf("status: %+v", s)
	}
}

// The status lists every replica, and says which of them answers.
func TestStatusListsReplicas(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Replica = "web-1"
		if err := o.Store.(*store.Store).Join(t.Context(), "web-1"); err != nil {
			t.Fatal(err)
		}
	})
	s := get[api.Status](p, "/v1/status")
	if s.Replica != "web-1" || len(s.Replicas) != 1 || s.Replicas[0].Name != "web-1" || !s.Replicas[0].Alive {
		t.Errorf("replica %q of %+v", s.Replica, s.Replicas)
	}
}

func TestReadiness(t *testing.T) {
	f := func(p *testServer, want int, detail string, headers ...string) {
		t.Helper()
		status, answer, _ := p.ask(http.MethodGet, "/readyz", "", headers...)
		if status != want || strings.Contains(answer, "refused") != (detail != "") {
			t.Errorf("got %d %s, want %d", status, answer, want)
		}
	}
	with := func(troubles ...api.ComponentProblem) *testServer {
		return listen(t, func(o *Options) { o.Ready = func() []api.ComponentProblem { return troubles } })
	}
	f(with(), 200, "")
	f(with(api.ComponentProblem{Component: "rules", Detail: "refused"}), 200, "refused")
	f(with(api.ComponentProblem{Component: "jobs", Detail: "refused"}), 503, "refused")
	broken := with(api.ComponentProblem{Component: "metrics/default", Detail: "connection refused"})
	f(broken, 503, "refused")
	f(broken, 503, "", "X-Forwarded-For", "203.0.113.9") // strangers learn that, not why
}

func TestMetrics(t *testing.T) {
	p := listen(t, withGitHub(t))
	p.ask(http.MethodPost, "/hooks/github", "{}", "Content-Type", "application/json")
	_, text, _ := p.ask(http.MethodGet, "/metrics", "")
	for _, want := range []string{`pushback_deliveries_total{source="github",outcome="refused"} 1`, `pushback_http_requests_total{code="401"} 1`, "go_goroutines"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in the exposition", want)
		}
	}
}

// The document describes every route of the API, and nothing else.
func TestOpenAPI(t *testing.T) {
	p := listen(t, nil)
	doc := get[struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}](p, "/openapi.json")
	want := []string{
		"/v1/events", "/hooks/{source}", "/v1/status", "/v1/services", "/v1/sources", "/v1/reload", "/v1/changes", "/v1/changes/{name}", "/v1/changes/{name}/records", "/v1/changes/{name}/plot.png", "/v1/changes/{name}/plot.svg", "/v1/changes/{name}/journal.jsonl", "/v1/changes/{name}/summary.md", "/v1/watched",
		"/v1/orders", "/v1/orders/{key}", "/v1/orders/{key}/approve", "/v1/orders/{key}/reject",
		"/v1/gate/{service}", "/v1/holds", "/v1/holds/{id}/release", "/v1/changes/{name}/clear", "/v1/changes/{name}/propose", "/v1/flagger/confirm", "/v1/flagger/confirm-promotion", "/v1/flagger/rollback", "/v1/verdicts/{service}/{version}",
		"/v1/incidents", "/v1/incidents/{id}/remove", "/v1/whoami", "/v1/tokens", "/v1/tokens/{name}/revoke", "/v1/incidents/{id}/end", "/v1/audit/export",
	}
	if doc.OpenAPI != "3.1.0" || len(doc.Paths) != len(want) {
		t.Errorf("OpenAPI %s with %d paths, want %d", doc.OpenAPI, len(doc.Paths), len(want))
	}
	_, page, _ := p.ask(http.MethodGet, "/docs", "")
	for _, path := range want {
		if doc.Paths[path] == nil || !strings.Contains(page, path) {
			t.Errorf("%s is not described", path)
		}
	}
	if strings.Contains(page, `src="http`) || strings.Contains(page, `href="http`) {
		t.Error("the docs page loads something from elsewhere")
	}
}

// A server that is stopped ends its streams, and ends itself well within the ten
// seconds it has.
func TestStreamAndStop(t *testing.T) {
	keys := make(chan string, 1)
	p := listen(t, func(o *Options) { o.Subscribe = sending(keys) })
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- p.server.Serve(ctx, l) }()

	w, err := http.Get("http://" + l.Addr().String() + "/v1/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	keys <- "abc"
	var told strings.Builder
	buffer := make([]byte, 256)
	for !strings.Contains(told.String(), "data: abc\n\n") {
		n, err := w.Body.Read(buffer)
		told.Write(buffer[:n])
		if err != nil {
			t.Fatalf("the stream ended after %q: %v", told.String(), err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("an open stream holds up the stop: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil || errors.Is(err, context.Canceled) {
		t.Error("the port is still open")
	}
}
