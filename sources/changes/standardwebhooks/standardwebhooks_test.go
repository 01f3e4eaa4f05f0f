package standardwebhooks

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const done = `{"type": "deploy.succeeded", "timestamp": "2026-03-01T12:02:00Z", "data": {"service": "cart", "environment": "prod", "version": "v42", "change_id": "17"}}`

func start() string {
	return strings.NewReplacer("deploy.succeeded", "deploy.started", "12:02", "12:00").Replace(done)
}

func settings(c changestest.Config) Config {
	return Config{webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.StandardWebhooks(), changestest.Token("Authorization")},
		Started:    changestest.Delivery{Body: start()},
		Succeeded:  changestest.Delivery{Body: done},
		Ignored:    []changestest.Delivery{{Body: `{"type": "invoice.paid", "timestamp": "2026-03-01T12:02:00Z", "data": {"id": 1}}`}},
		Volatile:   []string{"Webhook-Id"},
		At:         time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "prod",
	})
}

func source(t testing.TB) changes.Source {
	t.Helper()
	s, err := New(changes.Options{Name: "standard"}, settings(changestest.Config{Insecure: true}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatDataLeavesOut(t *testing.T) {
	got, err := source(t).Parse(nil, []byte(strings.Replace(done, `, "change_id": "17"`, "", 1)))
	if err != nil || got[0].EventID == "" || got[0].ChangeID == "" || got[0].Status != sources.Succeeded || got[0].At.Format(time.TimeOnly) != "12:02:00" {
		t.Errorf("%+v, %v", got, err)
	}
	own, err := source(t).Parse(nil, []byte(strings.NewReplacer("deploy.succeeded", "deploy", `"service"`, `"status": "failed", "event_id": "9", "at": "2026-03-01T12:01:00Z", "service"`).Replace(done)))
	if err != nil || own[0].EventID != "9" || own[0].Status != sources.Failed || own[0].At.Format(time.TimeOnly) != "12:01:00" {
		t.Errorf("%+v, %v", own, err)
	}
}

func TestRefused(t *testing.T) {
	f := func(body, old, with, want string) {
		t.Helper()
		got, err := source(t).Parse(nil, []byte(strings.Replace(body, old, with, 1)))
		if got != nil || !errors.As(err, new(*sources.BadEvent)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want a BadEvent with %q", with, got, err, want)
		}
	}
	f(done, `"service"`, `"servize"`, "servize")
	f(done, `"service": "cart", `, "", "data.service is missing")
	f(done, `"timestamp"`, `"time"`, "timestamp")
	f(done, `"data"`, `"date"`, "data is missing")
	f(done, `"type"`, `"kind"`, "type is missing")
	f(start(), `, "change_id": "17"`, "", "change_id")
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f), changestest.Delivery{Body: done}, changestest.Delivery{Body: start()})
}
