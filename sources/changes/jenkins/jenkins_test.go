package jenkins

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const completed = `{
  "userId": "ada", "userName": "Ada Lovelace", "name": "deploy-cart", "displayName": "deploy-cart", "url": "job/shop/job/deploy-cart/",
  "build": {
    "fullUrl": "https://jenkins.example.org/job/shop/job/deploy-cart/13/", "number": 13, "queueId": 25, "timestamp": 1772366520000, "duration": 120000,
    "phase": "COMPLETED", "status": "SUCCESS", "url": "job/shop/job/deploy-cart/13/",
    "parameters": {"ENVIRONMENT": "prod", "VERSION": "v42", "Service": "cart"},
    "scmState": {"url": "https://git.example.org/cart.git", "branch": "origin/main", "commit": "218c63f230732c6d561fefd00fd0d2ac4ded1a0c"}
  }
}`

// of is the header of the plugin's HTTP sink.
func of(kind string) http.Header {
	h := http.Header{}
	for name, value := range map[string]string{"Ce-Specversion": "1.0", "Ce-Id": "1fe6", "Ce-Type": "org.jenkinsci." + kind, "Ce-Source": "job/deploy-cart"} {
		h.Set(name, value)
	}
	return h
}

func settings(c changestest.Config) Config {
	return Config{
		TokenConfig: webhook.TokenConfig{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}},
		Jobs:        webhook.Globs{"deploy-*", "fail", "test2"},
	}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.Token("Authorization")},
		Started: changestest.Delivery{
			Header: of("job.started"),
			Body:   strings.NewReplacer("COMPLETED", "STARTED", `"SUCCESS"`, "null", "1772366520000", "1772366400000").Replace(completed),
		},
		Succeeded: changestest.Delivery{Body: completed},
		Ignored: []changestest.Delivery{
			{Header: of("queue.left"), Body: `{"ciUrl": "x", "exitedAt": "y"}`},
			{Header: of("job.created"), Body: `{"name": "deploy-cart"}`},
			{Header: of("job.completed"), Body: strings.ReplaceAll(completed, "deploy-cart", "unit-tests")},
			{Header: of("job.completed"), Body: strings.Replace(completed, "SUCCESS", "NOT_BUILT", 1)},
		},
		Volatile: []string{"Ce-Id"},
		At:       time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC), Environment: "prod",
	})
}

func source(t testing.TB) changes.Source {
	t.Helper()
	s, err := New(changes.Options{Name: "jenkins"}, settings(changestest.Config{Insecure: true}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestResults(t *testing.T) {
	f := func(phase, result string, want sources.Status) {
		t.Helper()
		got, err := source(t).Parse(of("job.completed"), []byte(strings.NewReplacer("COMPLETED", phase, "SUCCESS", result).Replace(completed)))
		if want == "" {
			if !errors.As(err, new(*sources.BadEvent)) {
				t.Errorf("%s, %s: %+v, %v", phase, result, got, err)
			}
			return
		}
		e := got[0]
		if err != nil || e.Status != want || e.EventID != "jenkins:job/shop/job/deploy-cart:13:"+string(want) || e.Version != "v42" || e.Service != "cart" || e.Actor != "Ada Lovelace" {
			t.Errorf("%s, %s: %+v, %v", phase, result, got, err)
		}
	}
	f("STARTED", "", sources.Started)
	f("COMPLETED", "SUCCESS", sources.Succeeded)
	f("FINALIZED", "SUCCESS", sources.Succeeded)
	f("COMPLETED", "UNSTABLE", sources.Succeeded)
	f("FINALIZED", "FAILED", sources.Failed)
	f("COMPLETED", "ABORTED", sources.Failed)
	f("COMPLETED", "HAPPY", "")
	f("DREAMING", "SUCCESS", "")
}

func TestStructured(t *testing.T) {
	h := http.Header{"Content-Type": {"application/cloudevents+json"}}
	body := `{"specversion": "1.0", "id": "1", "source": "job/x", "type": "org.jenkinsci.job.completed", "data": ` + completed + `}`
	if got, err := source(t).Parse(h, []byte(body)); err != nil || got[0].Version != "v42" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRealDeliveries(t *testing.T) {
	const shared = "../../../../shared/payloads/jenkins/"
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("the plugin's own examples are not beside the repository: %v", err)
	}
	f := func(name string, want sources.Status, version string) {
		t.Helper()
		var recorded struct {
			Headers map[string]string
			Body    json.RawMessage
		}
		text, err := os.ReadFile(shared + "org.jenkinsci." + name + ".json")
		if err != nil || json.Unmarshal(text, &recorded) != nil {
			t.Fatal(name, err)
		}
		h := http.Header{}
		for key, value := range recorded.Headers {
			h.Set(key, value)
		}
		got, err := source(t).Parse(h, recorded.Body)
		if want == "" && errors.Is(err, changes.ErrIgnored) {
			return
		}
		if err != nil || got[0].Status != want || got[0].Version != version {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	const commit = "218c63f230732c6d561fefd00fd0d2ac4ded1a0c"
	f("job.started", sources.Started, commit)
	f("job.completed", sources.Succeeded, commit)
	f("job.finalzed", sources.Succeeded, commit)
	f("job.failed", sources.Failed, "4")
	f("job.created", "", "")
	f("job.updated", "", "")
	f("node.online", "", "")
	f("node.offline", "", "")
	f("queue.entered_waiting", "", "")
	f("queue.left", "", "")
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f), changestest.Delivery{Body: completed}, changestest.Delivery{Header: of("job.completed"), Body: completed},
		changestest.Delivery{Header: http.Header{"Content-Type": {"application/cloudevents+json"}}, Body: `{"specversion": "1.0", "data": ` + completed + `}`})
}
