package cdevents

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
	"github.com/pushback/pushback/notify/sendertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func newReporter(t *testing.T, url string) (*Reporter, error) {
	t.Helper()
	return New(Config{delivery.SignedConfig{URL: url, SecretFile: sendertest.SecretFile(t, secret)}})
}

func TestContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{
		Reports: true,
		Secrets: []string{secret}, Data: true,
		New: func(t *testing.T, url string) notify.Sender {
			c, err := newReporter(t, url)
			return sendertest.Reporting(t, c, err, rolledBack+" "+resolved, func(*notify.Report) {})
		},
	})
}

// The events of a change through its life: each once, in their order, and signed.
func TestEvents(t *testing.T) {
	r := sendertest.NewReceiver(t, sendertest.Accept)
	c, err := newReporter(t, r.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, reports := sendertest.States()
	remote := ""
	for _, report := range reports {
		for range 2 {
			if remote, err = c.Report(t.Context(), report, remote); err != nil {
				t.Fatal(err)
			}
		}
	}
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	var kinds []string
	for _, q := range r.Requests() {
		if err := verifier.Verify(q.Body, q.Header); err != nil {
			t.Error(err)
		}
		var e delivery.Event
		if err := json.Unmarshal(q.Body, &e); err != nil || e.ID != q.Header.Get("webhook-id") {
			t.Errorf("%v: %s", err, q.Body)
		}
		kinds = append(kinds, e.Type)
		var text bytes.Buffer
		if err := json.Indent(&text, q.Body, "", " "); err != nil {
			t.Fatal(err)
		}
		got.WriteString(text.String() + "\n")
	}
	if want := []string{detected, rolledBack, resolved}; !slices.Equal(kinds, want) {
		t.Errorf("events %v, want %v", kinds, want)
	}
	golden := filepath.Join("testdata", "events.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != got.String() {
		t.Errorf("%s is another now (%v): run with -update, and read the difference. Got:\n%s", golden, err, got.String())
	}
}

// What is posted is remembered where a later one fails, and an event that is posted twice has the same id.
func TestHalfWay(t *testing.T) {
	calls := 0
	r := sendertest.NewReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls == 2 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	c, err := newReporter(t, r.URL)
	if err != nil {
		t.Fatal(err)
	}
	remote, err := c.Report(t.Context(), sendertest.Report(), "")
	if err == nil || remote != detected {
		t.Errorf("%q, %v", remote, err)
	}
	if remote, err = c.Report(t.Context(), sendertest.Report(), remote); err != nil || remote != detected+" "+rolledBack+" "+resolved {
		t.Errorf("%q, %v", remote, err)
	}
	q := r.Requests()
	if len(q) != 4 || q[1].Header.Get("webhook-id") != q[2].Header.Get("webhook-id") || !bytes.Equal(q[1].Body, q[2].Body) {
		t.Errorf("%d requests", len(q))
	}
}

// The events have every field that the specification's own examples have and that it requires.
func TestShapes(t *testing.T) {
	for _, e := range events(sendertest.Report()) {
		name := strings.Join(strings.Split(e.Type, ".")[2:4], "_")
		sample, err := os.ReadFile(filepath.Join("../../../shared/payloads/cdevents/v0.5", name+".json"))
		if os.IsNotExist(err) {
			t.Skip("the samples of the specification are not here: ../shared/payloads/cdevents")
		}
		var theirs, ours map[string]any
		text, _ := json.Marshal(e.Data)
		if err := errors.Join(json.Unmarshal(sample, &theirs), json.Unmarshal(text, &ours)); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"specversion", "id", "source", "type", "timestamp"} {
			if ours["context"].(map[string]any)[key] == nil {
				t.Errorf("%s: no context.%s", name, key)
			}
		}
		for key := range theirs["subject"].(map[string]any)["content"].(map[string]any) {
			if ours["subject"].(map[string]any)["content"].(map[string]any)[key] == nil {
				t.Errorf("%s: no subject.content.%s", name, key)
			}
		}
		for _, key := range []string{"type", "specversion"} {
			if got, want := ours["context"].(map[string]any)[key], theirs["context"].(map[string]any)[key]; got != want {
				t.Errorf("%s: %s is %v, theirs %v", name, key, got, want)
			}
		}
	}
}
