package argocd

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/argoproj/notifications-engine/pkg/api"
	"github.com/argoproj/notifications-engine/pkg/services"
	"github.com/argoproj/notifications-engine/pkg/templates"
	"github.com/argoproj/notifications-engine/pkg/triggers"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

const secret = "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3"

// engine runs the notifications of a shipped file as the tool's controller does, and delivers them to a
// source.
type engine struct {
	t        *testing.T
	config   *api.Config
	triggers triggers.Service
	template templates.Service
	received chan delivery
}

type delivery struct {
	events []sources.Event
	err    error
}

// start reads a shipped ConfigMap as the engine does, with a Secret that holds the address of a server that
// gives its deliveries to source.
func start(t *testing.T, file string, source changes.Source) *engine {
	t.Helper()
	e := &engine{t: t, received: make(chan delivery, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		d := delivery{err: err}
		if d.err == nil {
			d.err = source.VerifyHeader(r.Header, time.Now())
		}
		if d.err == nil {
			d.err = source.Verify(r.Header, body, time.Now())
		}
		if d.err == nil {
			d.events, d.err = source.Parse(r.Header, body)
		}
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || !json.Valid(body) {
			t.Errorf("%s of %s: %s", r.Method, r.Header.Get("Content-Type"), body)
		}
		e.received <- d
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var shipped corev1.ConfigMap
	if err := yaml.UnmarshalStrict(text, &shipped); err != nil {
		t.Fatal(err)
	}
	e.config, err = api.ParseConfig(&shipped, &corev1.Secret{Data: map[string][]byte{
		"pushback-url": []byte(server.URL + "/hooks/argocd"), "pushback-token": []byte(secret),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if e.triggers, err = triggers.NewService(e.config.Triggers); err != nil {
		t.Fatal(err)
	}
	if e.template, err = templates.NewService(e.config.Templates); err != nil {
		t.Fatal(err)
	}
	return e
}

// run gives the conditions of a trigger that hold for the variables.
func (e *engine) run(trigger string, vars map[string]any) (due []triggers.ConditionResult) {
	e.t.Helper()
	all, err := e.triggers.Run(trigger, vars)
	if err != nil {
		e.t.Fatal(err)
	}
	for _, one := range all {
		if one.Triggered {
			due = append(due, one)
		}
	}
	return due
}

// send renders the templates and delivers what comes out.
func (e *engine) send(names []string, vars map[string]any) delivery {
	e.t.Helper()
	notification, err := e.template.FormatNotification(vars, names...)
	if err != nil {
		e.t.Fatal(err)
	}
	service, err := e.config.Services["pushback"]()
	if err != nil {
		e.t.Fatal(err)
	}
	if err := service.Send(*notification, services.Destination{Service: "pushback"}); err != nil {
		e.t.Fatal(err)
	}
	return <-e.received
}

// object reads a Kubernetes object as the engine gets it.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func secretFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
