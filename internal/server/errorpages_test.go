package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
)

const acceptsPages = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// Whatever is refused, people get a page with the hint, and programs the problem.
func TestErrorsArePagesForPeople(t *testing.T) {
	p := listen(t, func(o *Options) {
		o.Listen = "0.0.0.0:80"
		o.Frozen = func() (bool, string) { return true, "a secret plan" }
	})
	f := func(method, path string, want int, text string, headers ...string) {
		t.Helper()
		status, body, h := p.ask(method, path, "", append([]string{"Accept", acceptsPages}, headers...)...)
		if status != want || h.Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasSuffix(body, "</html>") || !strings.Contains(body, text) {
			t.Errorf("%s %s: %d (%s), want a page with %d and %q:\n%.300s", method, path, status, h.Get("Content-Type"), want, text, body)
		}
		if !strings.Contains(body, `<nav aria-label="Main">`) || strings.Contains(body, "a secret plan") {
			t.Errorf("%s %s: the frame is wrong", method, path)
		}
		status, body, h = p.ask(method, path, "", append([]string{"Accept", "*/*"}, headers...)...)
		var problem api.Problem
		if err := json.Unmarshal([]byte(body), &problem); err != nil || status != want || problem.Status != want || h.Get("Content-Type") != api.ProblemType {
			t.Errorf("%s %s: a program gets %d (%s) %s", method, path, status, h.Get("Content-Type"), body)
		}
	}
	f("GET", "/nothing/like/statuss", 404, "did you mean GET /v1/status?")
	f("DELETE", "/changes", 405, "this address takes GET")
	f("GET", "/v1/status", 401, "a token is needed")
	f("GET", "/assets/none.css", 404, "there is nothing at this address")
	f("GET", "/v1/changes?limit=none", 401, "a token is needed")
	f("POST", "/v1/events", 403, "another site", "Origin", "https://evil.example.com", "Sec-Fetch-Site", "cross-site")
}

// A page of errors says nothing of what happens to whoever comes under a name that is not ours.
func TestStrangersGetABareFrame(t *testing.T) {
	p := listen(t, func(o *Options) { o.Frozen = func() (bool, string) { return true, "a secret plan" } })
	status, body, _ := p.ask(http.MethodGet, "/", "", "Accept", acceptsPages, "Host", "evil.example.com")
	if status != http.StatusMisdirectedRequest || strings.Contains(body, "a secret plan") || !strings.HasSuffix(body, "</html>") {
		t.Errorf("%d %s", status, body)
	}
	p.show("/changes", 200, "a secret plan")
}

// A browser that takes compressed answers gets the page as well, and a stream goes on as it does.
func TestErrorPagesAreCompressed(t *testing.T) {
	p := listen(t, nil)
	status, _, h := p.ask(http.MethodGet, "/nothing", "", "Accept", acceptsPages, "Accept-Encoding", "gzip")
	if status != 404 || h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Content-Encoding") != "gzip" {
		t.Errorf("%d %v", status, h)
	}
}

// What an error suggests is there.
func TestSuggestedAddresses(t *testing.T) {
	t.Parallel()
	p := listen(t, func(o *Options) { o.Rules = oneRule{} })
	for word, address := range addresses {
		method, path, _ := strings.Cut(address, " ")
		path, _, _ = strings.Cut(path, ",")
		if status, answer, _ := p.ask(method, path, ""); status == http.StatusMethodNotAllowed || strings.Contains(answer, "there is nothing at this address") {
			t.Errorf("%s: %s %s is answered %d: %s", word, method, path, status, answer)
		}
	}
}
