package server

import (
	"net/http"
	"testing"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/cloudevents"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// withBroker adds a source of CloudEvents that one sender may deliver to.
func withBroker(t *testing.T) func(*Options) {
	t.Helper()
	source, err := cloudevents.New(changes.Options{Name: "broker"}, cloudevents.Config{
		TokenConfig: webhook.TokenConfig{Config: webhook.Config{Insecure: true}}, Origins: []string{"broker.example.org"},
	})
	if err != nil {
		t.Fatal(err)
	}
	github := withGitHub(t)
	return func(o *Options) {
		github(o)
		o.Sources["broker"] = Endpoint{Source: source, Insecure: true}
	}
}

// Only a configured sender learns that it may deliver; all others get one answer, whichever
// sources there are.
func TestHandshake(t *testing.T) {
	p := listen(t, withBroker(t))
	f := func(path string, want int, headers ...string) string {
		t.Helper()
		status, answer, h := p.ask(http.MethodOptions, path, "", headers...)
		if status != want || h.Get("Allow") != http.MethodPost {
			t.Errorf("%s %v: %d, Allow %q; want %d", path, headers, status, h.Get("Allow"), want)
		}
		allowed := want == http.StatusOK
		if (h.Get(allowedOrigin) == "broker.example.org") != allowed || (h.Get(allowedRate) == "*") != allowed || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %v: %v", path, headers, h)
		}
		return answer
	}
	f("/hooks/broker", http.StatusOK, requestOrigin, "broker.example.org", "WebHook-Request-Rate", "120")
	other := f("/hooks/broker", http.StatusMethodNotAllowed, requestOrigin, "example.org")
	for _, path := range []string{"/hooks/github", "/hooks/absent"} {
		if got := f(path, http.StatusMethodNotAllowed, requestOrigin, "broker.example.org"); got != other {
			t.Errorf("%s: %s, but for an unknown sender %s", path, got, other)
		}
	}
	f("/hooks/broker", http.StatusMethodNotAllowed)
	f("/hooks/broker", http.StatusMethodNotAllowed, requestOrigin, "broker.example.org", requestOrigin, "example.org")
}
