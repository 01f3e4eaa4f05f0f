package webhook

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
	"github.com/pushback/pushback/notify/sendertest"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func newSender(t *testing.T, url string) notify.Sender {
	t.Helper()
	s, err := New(Config{delivery.SignedConfig{URL: url, SecretFile: sendertest.SecretFile(t, secret)}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{New: newSender, Secrets: []string{secret}, Data: true})
}

func TestEvent(t *testing.T) {
	r := sendertest.NewReceiver(t, sendertest.Accept)
	s := newSender(t, r.URL)
	resolved := sendertest.Message()
	resolved.Resolved = true
	for _, m := range []notify.Message{sendertest.Message(), resolved} {
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for i, q := range r.Requests() {
		if err := verifier.Verify(q.Body, q.Header); err != nil {
			t.Error(err)
		}
		got := struct {
			delivery.Event
			Data notify.Message `json:"data"`
		}{}
		if err := json.Unmarshal(q.Body, &got); err != nil {
			t.Fatal(err)
		}
		ids[got.ID] = true
		if got.ID != q.Header.Get("webhook-id") || q.Header.Get("Content-Type") != "application/cloudevents+json" {
			t.Errorf("id %q, headers %v", got.ID, q.Header)
		}
		want := got
		want.Event = delivery.Event{
			SpecVersion: "1.0", ID: got.ID, Source: "pushback", Type: []string{"pushback.certain", "pushback.resolved"}[i],
			Subject: "k3y/platform/red", Time: resolved.At, ContentType: "application/json",
		}
		want.Data = sendertest.Message()
		want.Data.Resolved = i == 1
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("event %d (-want +got):\n%s", i, diff)
		}
	}
	if len(ids) != 2 {
		t.Errorf("two messages, ids %v", ids)
	}
}
