package pagerduty

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

const key = "0123456789abcdef0123456789abcdef"

func newSender(t *testing.T, url string, changes bool) notify.Sender {
	t.Helper()
	s, err := New(Config{RoutingKeyFile: sendertest.SecretFile(t, key), URL: url, ChangeEvents: changes})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{
		New:     func(t *testing.T, url string) notify.Sender { return newSender(t, url, false) },
		Secrets: []string{key},
	})
}

func TestEvents(t *testing.T) {
	f := func(name string, changes bool, edit func(*notify.Message), path, want string) {
		t.Helper()
		m := sendertest.Message()
		edit(&m)
		r := sendertest.NewReceiver(t, sendertest.Accept)
		if err := newSender(t, r.URL+"/", changes).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		q := r.Requests()[0]
		if q.Path != path {
			t.Errorf("%s: sent to %s, want %s", name, q.Path, path)
		}
		if diff := cmp.Diff(decode(t, want), decode(t, string(q.Body))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	const details = `{"what": ["errors: 0.50 % → 3.10 % of requests, p = 0.0001", "Rolling back to v1 through hook redeploy."],
		"service": "cart", "environment": "production", "version": "v2", "rule": "platform/red"}`
	const links = `[{"href": "https://pushback.example/changes/k3y", "text": "The change in Pushback"}]`
	f("trigger", true, func(*notify.Message) {}, "/v2/enqueue", `{"routing_key": "`+key+`", "event_action": "trigger",
		"dedup_key": "k3y/platform/red", "client": "Pushback", "client_url": "https://pushback.example/changes/k3y", "links": `+links+`,
		"payload": {"summary": "cart v2 in production: errors rose", "source": "cart", "severity": "critical", "timestamp": "2026-11-20T12:00:00Z",
			"component": "cart", "group": "production", "class": "certain", "custom_details": `+details+`}}`)
	f("resolve", true, func(m *notify.Message) { m.Resolved, m.Severity = true, notify.Info }, "/v2/enqueue",
		`{"routing_key": "`+key+`", "event_action": "resolve", "dedup_key": "k3y/platform/red"}`)
	f("change event", true, func(m *notify.Message) { m.Severity = notify.Info }, "/v2/change/enqueue", `{"routing_key": "`+key+`", "links": `+links+`,
		"payload": {"summary": "cart v2 in production: errors rose", "source": "cart", "timestamp": "2026-11-20T12:00:00Z", "custom_details": `+details+`}}`)
	long := strings.Repeat("x", 300)
	f("long key", false, func(m *notify.Message) { m.Resolved, m.Key = true, long }, "/v2/enqueue",
		`{"routing_key": "`+key+`", "event_action": "resolve", "dedup_key": "0d4e2ca9e9cbced7a7a5380eb29e1a3783b9b6d0db72de36a1051038e1c1fbc7"}`)
}

func decode(t *testing.T, text string) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}
