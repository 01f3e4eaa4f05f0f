//go:build integration

package alertmanager

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

// suppressed returns the names of the alerts that are silenced.
func suppressed(t *testing.T, url string) map[string]bool {
	t.Helper()
	answer, err := http.Get(url + "/api/v2/alerts")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var all []struct {
		Labels map[string]string `json:"labels"`
		Status struct {
			State string `json:"state"`
		} `json:"status"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	quiet := map[string]bool{}
	for _, a := range all {
		quiet[a.Labels["alertname"]+" "+a.Labels["service"]] = a.Status.State == "suppressed"
	}
	return quiet
}

// A real Alertmanager silences what Prometheus says of the service and not what we say, extends the silence in
// place, and ends it; and shows us only our own.
func TestSilenceAgainstAlertmanager(t *testing.T) {
	server := servertest.Alertmanager(t)
	s := silencer(t, server.URL, map[string]string{"service": "$service", "environment": "$environment"})
	now := time.Now().UTC()
	var posted []map[string]any
	for _, service := range []string{"cart", "pay"} {
		posted = append(posted, map[string]any{
			"labels":   map[string]string{"alertname": "HighErrors", "service": service, "environment": "production"},
			"startsAt": now, "endsAt": now.Add(time.Hour),
		})
	}
	body, _ := json.Marshal(posted)
	answer, err := http.Post(server.URL+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	m := sendertest.Message()
	m.At, m.EndsAt = now, now.Add(time.Hour)
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	theirs := fmt.Sprintf(`{"matchers": [{"name": "alertname", "value": "Other", "isRegex": false}], "startsAt": %q, "endsAt": %q, "createdBy": "Pushback", "comment": "by hand"}`,
		now.Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339))
	if answer, err = http.Post(server.URL+"/api/v2/silences", "application/json", bytes.NewBufferString(theirs)); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}

	of := ofCart(now.Add(-time.Minute))
	of.EndsAt = now.Add(time.Minute)
	if err := s.PutSilence(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	open := openOnes(t, s, 1)
	if open[0].Order != orderKey {
		t.Errorf("open: %+v", open)
	}
	want := map[string]bool{"HighErrors cart": true, "HighErrors pay": false, "Pushback cart": false}
	for end := time.Now().Add(10 * time.Second); ; {
		got := suppressed(t, server.URL)
		if fmt.Sprint(got) == fmt.Sprint(want) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("suppressed: %v, want %v", got, want)
		}
	}

	of.ID, of.StartsAt, of.EndsAt = open[0].ID, open[0].StartsAt, now.Add(10*time.Minute)
	if err := s.PutSilence(t.Context(), of); err != nil {
		t.Fatal(err)
	}
	extended := openOnes(t, s, 1)[0]
	if extended.ID != of.ID || extended.EndsAt.Before(now.Add(9*time.Minute)) {
		t.Errorf("extended to %+v", extended)
	}
	for range 2 { // one that has ended, has ended
		if err := s.EndSilence(t.Context(), extended.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.EndSilence(t.Context(), "00000000-0000-0000-0000-000000000000"); err != nil {
		t.Error(err)
	}
	openOnes(t, s, 0)
}

func openOnes(t *testing.T, s *Sender, want int) []notify.Silence {
	t.Helper()
	open, err := s.OpenSilences(t.Context())
	if err != nil || len(open) != want {
		t.Fatalf("%d open silences, want %d: %v, %v", len(open), want, open, err)
	}
	return open
}
