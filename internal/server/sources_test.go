package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/deliveries"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// words is a source whose body says what becomes of it.
type words struct{ changes.Source }

func (words) VerifyHeader(h http.Header, _ time.Time) error {
	if h.Get("X-Secret") != shared {
		return changes.ErrUnauthorized
	}
	return nil
}

func (words) Verify(http.Header, []byte, time.Time) error { return nil }

func (words) Parse(_ http.Header, body []byte) ([]sources.Event, error) {
	if strings.Contains(string(body), "ping") {
		return nil, changes.Ignored("a ping")
	}
	return nil, changes.Bad("service is missing")
}

// withSources is a server with a source, a feed that cannot read, and a record.
func withSources(t *testing.T) *testServer {
	t.Helper()
	return listen(t, func(o *Options) {
		o.Sources = map[string]Endpoint{"ci": {Source: words{}}}
		o.Inlets = []Inlet{{Name: "bus", Kind: "nats", Trouble: func() string { return "no route to host" }}, {Name: "ci", Kind: "mapped"}}
		o.Deliveries = deliveries.New(o.Store.(deliveries.Store), slog.New(slog.DiscardHandler), func() time.Time { return testNow })
	})
}

func (p *testServer) sources() map[string]api.Source {
	p.t.Helper()
	status, body, _ := p.ask(http.MethodGet, "/v1/sources", "", "Authorization", "Bearer "+token)
	var all api.Sources
	if err := json.Unmarshal([]byte(body), &all); err != nil || status != http.StatusOK {
		p.t.Fatalf("%d %s %v", status, body, err)
	}
	by := map[string]api.Source{}
	for _, s := range all.Sources {
		by[s.Name] = s
	}
	return by
}

func TestSourcesSayWhatBecameOfDeliveries(t *testing.T) {
	p := withSources(t)
	post := func(secret, body string) {
		t.Helper()
		p.ask(http.MethodPost, "/hooks/ci", body, "Content-Type", "application/json", "X-Secret", secret)
	}
	post(shared, `{"token":"hunter2-hunter2","app":"cart"}`)
	post(shared, `{"ping":1}`)
	post("wrong", `{}`)
	p.ask(http.MethodPost, "/hooks/absent", `{}`, "Content-Type", "application/json")
	take := p.server.Taker("bus", Endpoint{})
	if err := take(t.Context(), changes.Delivery{Raw: []byte("x"), Refused: changes.Bad("body is not JSON")}); !changes.Refused(err) {
		t.Errorf("a message that cannot be read: %v", err)
	}
	if err := take(t.Context(), changes.Delivery{Events: []sources.Event{{EventID: "1", ChangeID: "1", Service: "cart", Version: "v1", Status: sources.Succeeded, At: testNow}}, Raw: []byte("{}")}); err != nil {
		t.Error(err)
	}
	all := p.sources()
	if s := all["ci"]; s.Refused != 1 || s.Ignored != 1 || s.Unsigned != 1 || s.Accepted != 0 || s.RefusedReason != "service is missing" || !s.LastRefused.Equal(testNow) {
		t.Errorf("%+v", s)
	}
	if s := all["bus"]; !s.Feed || s.Trouble != "no route to host" || s.Refused != 1 || s.Accepted != 1 || s.RefusedReason != "body is not JSON" {
		t.Errorf("%+v", s)
	}
	if len(all) != 3 { // with the API
		t.Errorf("%+v", all)
	}
	if status, page, _ := p.ask(http.MethodGet, "/sources", "", "Authorization", "Bearer "+token); status != http.StatusOK || !strings.Contains(page, "service is missing") && !strings.Contains(page, "a ping") || !strings.Contains(page, "no route to host") {
		t.Errorf("%d %s", status, page)
	}
}

func TestBodiesAreKeptOnRequest(t *testing.T) {
	p := withSources(t)
	post := func() {
		p.ask(http.MethodPost, "/hooks/ci", `{"token":"hunter2-hunter2","app":"cart"}`, "Content-Type", "application/json", "X-Secret", shared)
	}
	captured := func(path string, headers ...string) (int, api.Capture) {
		t.Helper()
		var c api.Capture
		status, body, _ := p.ask(http.MethodGet, path, "", headers...)
		_ = json.Unmarshal([]byte(body), &c)
		return status, c
	}
	right := []string{"Authorization", "Bearer " + token}
	order := func(name, body string, want int) {
		t.Helper()
		if status, answer, _ := p.ask(http.MethodPost, "/v1/sources/"+name+"/capture", body, append([]string{"Content-Type", "application/json"}, right...)...); status != want {
			t.Errorf("%s %s: %d %s, want %d", name, body, status, answer, want)
		}
	}
	post()
	order("ci", `{"on":true,"actor":"amy","hours":2}`, http.StatusOK)
	order("ci", `{"on":true,"hours":1000}`, http.StatusUnprocessableEntity)
	order("ci", `{"on":true,"actor":"a\u0000"}`, http.StatusBadRequest)
	order("absent", `{"on":true}`, http.StatusNotFound)
	post()
	post()
	status, c := captured("/v1/sources/ci/captured", right...)
	if status != http.StatusOK || !c.On || c.Actor != "amy" || len(c.Bodies) != 1 || !c.Ends.Equal(testNow.Add(2*time.Hour)) {
		t.Fatalf("%d %+v", status, c)
	}
	if b := c.Bodies[0]; b.Outcome != "refused" || b.Reason != "service is missing" || strings.Contains(b.Body, "hunter2") || !strings.Contains(b.Body, "cart") {
		t.Errorf("%+v", b)
	}
	// Who may read everything else on this host may not read bodies.
	if status, _ := captured("/v1/sources/ci/captured"); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	if status, _ := captured("/v1/sources/absent/captured", right...); status != http.StatusNotFound {
		t.Errorf("absent: %d", status)
	}
	order("ci", `{"on":false}`, http.StatusOK)
	if _, c := captured("/v1/sources/ci/captured", right...); c.On || len(c.Bodies) != 0 {
		t.Errorf("%+v", c)
	}
}

// A delivery that could not be stored is counted when it is stored, or refused, at last.
func TestOutcomes(t *testing.T) {
	f := func(err error, want deliveries.Outcome) {
		t.Helper()
		if got, reason := outcomeOf(err); got != want || strings.Contains(reason, "\n") {
			t.Errorf("%v: %q, %q; want %q", err, got, reason, want)
		}
	}
	f(nil, deliveries.Accepted)
	f(changes.Ignored("a\nping"), deliveries.Ignored)
	f(changes.Bad("x"), deliveries.Refused)
	f(changes.ErrNotAllowed, deliveries.Refused)
	f(changes.ErrUnauthorized, deliveries.Unsigned)
	f(errors.New("disk full"), "")
	f(context.Canceled, "")
}
