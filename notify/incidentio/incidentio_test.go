package incidentio

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	token = "inc-token-0123456789abcdef0123456789"
	id    = "01GW2G3V0S59R238FAHPDS1R66"
)

func newSender(t *testing.T, url string) notify.Sender {
	t.Helper()
	s, err := New(Config{Source: id, TokenFile: sendertest.SecretFile(t, token), URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{New: newSender, Secrets: []string{token}})
}

func TestFormats(t *testing.T) {
	r := sendertest.NewReceiver(t, sendertest.Accept)
	sendertest.CheckFormats(t, newSender(t, r.URL), r, *update)
}

// alerts is incident.io: it takes events of one source, and shows the last state of each alert.
func alerts(t *testing.T) (url string, shown map[string]event) {
	shown = map[string]event{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e event
		body, _ := io.ReadAll(io.LimitReader(r.Body, 512<<10))
		switch {
		case r.Header.Get("Authorization") != "Bearer "+token:
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method != http.MethodPost || r.URL.Path != "/v2/alert_events/http/"+id:
			w.WriteHeader(http.StatusNotFound)
		case json.Unmarshal(body, &e) != nil, e.Title == "", e.Key == "", e.Status != "firing" && e.Status != "resolved", r.Header.Get("Content-Type") != "application/json":
			w.WriteHeader(http.StatusUnprocessableEntity)
		default:
			shown[e.Key] = e
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprintf(w, `{"deduplication_key": %q, "message": "Event accepted for processing", "status": "success"}`, e.Key)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, shown
}

func TestLife(t *testing.T) {
	url, shown := alerts(t)
	s := newSender(t, url)
	m := sendertest.Message()
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	want := event{
		Title: "cart v2 in production: errors rose", Description: "errors: 0.50 % → 3.10 % of requests, p = 0.0001\nRolling back to v1 through hook redeploy.",
		Key: m.Key, Status: "firing", SourceURL: m.Link, Metadata: map[string]string{
			"service": "cart", "environment": "production", "version": "v2", "rule": "platform/red", "severity": "critical", "kind": "certain",
		},
	}
	if diff := cmp.Diff(want, shown[m.Key]); diff != "" {
		t.Errorf("firing (-want +got):\n%s", diff)
	}
	m.TakenBy = "amy"
	if err := s.Send(t.Context(), m); err != nil || shown[m.Key].Metadata["taken_by"] != "amy" {
		t.Errorf("%v, %+v", err, shown[m.Key])
	}
	m.Resolved = true
	if err := s.Send(t.Context(), m); err != nil || shown[m.Key].Status != "resolved" || len(shown) != 1 {
		t.Errorf("%v, %+v", err, shown)
	}
}

func TestConfig(t *testing.T) {
	f := func(c Config, want string) {
		t.Helper()
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f(Config{}, "source is missing")
	f(Config{Source: "../v1/incidents"}, "no id")
	f(Config{Source: id}, "token_file is missing")
}
