package alertmanager

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

func newSender(t *testing.T, url string) notify.Sender {
	t.Helper()
	s, err := New(Config{URL: url + "/", Labels: map[string]string{"severity": "page"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{New: newSender})
}

func TestAlerts(t *testing.T) {
	at := sendertest.Message().At
	labels := map[string]string{
		"alertname": "Pushback", "key": "k3y/platform/red", "service": "cart", "environment": "production",
		"rule": "platform/red", "severity": "page",
	}
	f := func(name string, edit func(*notify.Message), severity string, ends time.Time) {
		t.Helper()
		m := sendertest.Message()
		edit(&m)
		r := sendertest.NewReceiver(t, sendertest.Accept)
		if err := newSender(t, r.URL).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		q := r.Requests()[0]
		var got []alert
		if err := json.Unmarshal(q.Body, &got); err != nil || len(got) != 1 || q.Path != "/api/v2/alerts" {
			t.Fatalf("%s: %v, %s to %s", name, err, q.Body, q.Path)
		}
		want := alert{
			Labels: labels, StartsAt: at, EndsAt: ends, GeneratorURL: "https://pushback.example/changes/k3y",
			Annotations: map[string]string{
				"summary": "cart v2 in production: errors rose", "severity": severity, "kind": "certain", "version": "v2",
				"description": "errors: 0.50 % → 3.10 % of requests, p = 0.0001\nRolling back to v1 through hook redeploy.",
			},
		}
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	f("firing", func(*notify.Message) {}, "critical", at.Add(4*time.Hour))
	f("severity moves no label", func(m *notify.Message) { m.Severity = notify.Warning }, "warning", at.Add(4*time.Hour))
	f("its own end", func(m *notify.Message) { m.EndsAt = at.Add(time.Minute) }, "critical", at.Add(time.Minute))
	f("resolved", func(m *notify.Message) { m.Resolved, m.EndsAt = true, at.Add(time.Hour) }, "critical", at)
}
