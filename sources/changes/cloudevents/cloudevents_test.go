package cloudevents

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const structured = `{
  "specversion": "1.0", "id": "a-2", "source": "/deployer", "type": "org.example.deploy.done", "time": "2026-03-01T12:02:00Z", "subject": "cart",
  "data": {"environment": "prod", "version": "v42", "change_id": "17"}
}`

func start() string {
	return strings.NewReplacer("a-2", "a-1", "deploy.done", "deploy.begun", "12:02", "12:00").Replace(structured)
}

func as(media string) http.Header { return http.Header{"Content-Type": {media}} }

var one, batch = as("application/cloudevents+json; charset=utf-8"), as("application/cloudevents-batch+json")

func settings(c changestest.Config) Config {
	return Config{
		TokenConfig: webhook.TokenConfig{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}},
		Types:       map[string]sources.Status{"org.example.deploy.begun": sources.Started, "org.example.deploy.done": sources.Succeeded},
		Origins:     []string{"broker.example.org"},
	}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.Token("Authorization")},
		Started:    changestest.Delivery{Header: one, Body: start()},
		Succeeded:  changestest.Delivery{Header: one, Body: structured},
		Ignored:    []changestest.Delivery{{Header: one, Body: strings.Replace(structured, "deploy.done", "deploy.queued", 1)}},
		At:         time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "prod",
	})
}

func source(t testing.TB) *Source {
	t.Helper()
	s, err := New(changes.Options{Name: "broker"}, settings(changestest.Config{Insecure: true}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The three modes say the same.
func TestModes(t *testing.T) {
	binary := http.Header{"Content-Type": {"application/json"}}
	for name, value := range map[string]string{"specversion": "1.0", "id": "a-2", "source": "/deployer", "type": "org.example.deploy.done", "time": "2026-03-01T12:02:00Z", "subject": "cart"} {
		binary.Set("ce-"+name, value)
	}
	f := func(name string, h http.Header, body string) {
		t.Helper()
		got, err := source(t).Parse(h, []byte(body))
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		e := got[0]
		if e.EventID != "/deployer:a-2" || e.ChangeID != "17" || e.Service != "cart" || e.Version != "v42" || e.Status != sources.Succeeded || e.At.Format(time.TimeOnly) != "12:02:00" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	f("structured", one, structured)
	f("without its type", as("application/json"), structured)
	f("binary", binary, `{"environment": "prod", "version": "v42", "change_id": "17"}`)
	f("batch", batch, "["+structured+"]")
}

// A batch is taken whole or not at all, and what is no change in it is left out.
func TestBatches(t *testing.T) {
	s := source(t)
	got, err := s.Parse(batch, []byte("["+start()+","+strings.Replace(structured, "deploy.done", "deploy.queued", 1)+","+structured+"]"))
	if err != nil || len(got) != 2 || got[0].Status != sources.Started || got[1].Status != sources.Succeeded {
		t.Errorf("%+v, %v", got, err)
	}
	f := func(name, body, want string) {
		t.Helper()
		got, err := s.Parse(batch, []byte(body))
		if got != nil || !errors.As(err, new(*sources.BadEvent)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want a BadEvent with %q", name, got, err, want)
		}
	}
	f("one is wrong", "["+start()+","+strings.Replace(structured, "version\": \"v42", "verzion\": \"v42", 1)+"]", "event 2 of the batch: unknown field")
	f("one has no id", "["+start()+","+strings.Replace(structured, `"id"`, `"x"`, 1)+"]", "event 2 of the batch: id is missing")
	f("none", "[]", "0 events")
	f("too many", "["+strings.Repeat(structured+",", 100)+structured+"]", "101 events")
	f("an object", structured, "events")
	f("one that leaves its list", `[],"events":[]`, "not JSON")
	f("twice the key", "["+start()+`,{"id":"1","id":"2"}]`, "twice")
}

func TestRefused(t *testing.T) {
	s := source(t)
	f := func(old, with, want string) {
		t.Helper()
		got, err := s.Parse(one, []byte(strings.Replace(structured, old, with, 1)))
		if got != nil || !errors.As(err, new(*sources.BadEvent)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v; want a BadEvent with %q", with, got, err, want)
		}
	}
	f(`"1.0"`, `"0.3"`, "specversion")
	f(`"data": {`, `"x": {`, "data is missing")
	f(`"data": {`, `"data_base64": "e30=", "x": {`, "data_base64")
	f(`"subject"`, `"x"`, "service is missing")
	f(`"time"`, `"x"`, "at is missing")
	if _, err := s.Parse(one, []byte(strings.Replace(start(), `, "change_id": "17"`, "", 1))); err == nil || !strings.Contains(err.Error(), "change_id") {
		t.Error(err)
	}
	twice := one.Clone()
	twice.Set("Content-Type", "application/json")
	twice["Ce-Specversion"] = []string{"1.0", "1.0"}
	if _, err := s.Parse(twice, []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "ce-specversion") {
		t.Error(err)
	}
}

func TestOrigins(t *testing.T) {
	s := source(t)
	for origin, want := range map[string]bool{"broker.example.org": true, "example.org": false, "BROKER.example.org": false, "": false} {
		if s.AllowsOrigin(origin) != want {
			t.Errorf("%q: want %t", origin, want)
		}
	}
	for _, c := range []Config{{Origins: []string{"*"}}, {Origins: []string{""}}} {
		if _, err := New(changes.Options{}, c); err == nil || !strings.HasPrefix(err.Error(), "origins") {
			t.Error(err)
		}
	}
	if _, err := New(changes.Options{}, Config{Types: map[string]sources.Status{"x": "done"}}); err == nil || !strings.HasPrefix(err.Error(), "types") {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	binary := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"x"}, "Ce-Type": {"org.example.deploy.done"}}
	changestest.Fuzz(f, source(f), changestest.Delivery{Header: one, Body: structured}, changestest.Delivery{Header: batch, Body: "[" + structured + "]"},
		changestest.Delivery{Header: binary, Body: `{"service": "cart", "version": "v42", "at": "2026-03-01T12:02:00Z"}`})
}
