//go:build integration

package alertmanager

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

// shown is an alert as Alertmanager returns it.
type shown struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

// alerts waits until the wanted number of alerts is active, and returns them.
func alerts(t *testing.T, url string, want int) []shown {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; {
		var got []shown
		answer, err := http.Get(url + "/api/v2/alerts?active=true")
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(answer.Body).Decode(&got)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == want {
			return got
		}
		if time.Now().After(end) {
			t.Fatalf("%d alerts, want %d: %v", len(got), want, got)
		}
	}
}

// An alert that is sent again with a higher severity and a later end stays one
// alert with its first start, until it is resolved.
func TestAgainstAlertmanager(t *testing.T) {
	server := servertest.Alertmanager(t)
	sender := newSender(t, server.URL)
	send := func(m notify.Message) {
		t.Helper()
		if err := sender.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	m := sendertest.Message()
	m.Severity, m.At, m.EndsAt = notify.Warning, now.Add(-2*time.Minute), now.Add(2*time.Minute)
	send(m)
	first := alerts(t, server.URL, 1)[0]
	if first.Labels["key"] != m.Key || first.Annotations["severity"] != "warning" || !first.StartsAt.Equal(m.At) {
		t.Errorf("shown as %+v", first)
	}

	m.Severity, m.At, m.EndsAt = notify.Critical, now.Add(-time.Minute), now.Add(time.Hour)
	send(m)
	again := alerts(t, server.URL, 1)[0]
	if again.Annotations["severity"] != "critical" || !again.StartsAt.Equal(first.StartsAt) || !again.EndsAt.Equal(m.EndsAt) {
		t.Errorf("sent again, shown as %+v", again)
	}

	other := m
	other.Key = "another"
	send(other)
	alerts(t, server.URL, 2)

	for _, m := range []notify.Message{m, other} {
		m.Resolved, m.At = true, now
		send(m)
	}
	alerts(t, server.URL, 0)
}
