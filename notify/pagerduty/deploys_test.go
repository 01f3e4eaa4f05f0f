package pagerduty

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
	"github.com/pushback/pushback/sources"
)

const otherKey = "fedcba9876543210fedcba9876543210"

func newDeploys(t *testing.T, url string, edit func(*DeploysConfig)) (*Deploys, error) {
	t.Helper()
	c := DeploysConfig{URL: url, Services: []Route{{Match: []string{"*"}, RoutingKeyFile: sendertest.SecretFile(t, key)}}}
	if edit != nil {
		edit(&c)
	}
	return NewDeploys(c)
}

func TestDeploysContract(t *testing.T) {
	sendertest.Run(t, sendertest.Subject{
		Reports: true,
		Secrets: []string{key}, Names: 5, NoToken: true,
		New: func(t *testing.T, url string) notify.Sender {
			d, err := newDeploys(t, url, nil)
			return sendertest.Reporting(t, d, err, "", func(*notify.Report) {})
		},
	})
}

// One event a change, whatever becomes of it, as PagerDuty's API wants it.
func TestDeploys(t *testing.T) {
	r := sendertest.NewReceiver(t, sendertest.Accept)
	d, err := newDeploys(t, r.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, reports := sendertest.States()
	remote := ""
	for _, report := range reports {
		if remote, err = d.Report(t.Context(), report, remote); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.Requests()) != 1 {
		t.Fatalf("%d events", len(r.Requests()))
	}
	q := r.Requests()[0]
	want := decode(t, `{"routing_key": "`+key+`", "links": [{"href": "https://pushback.example/changes/k3yk3yk3yk3yk3yk3yk3yk3yk3", "text": "The change in Pushback"}],
		"payload": {"summary": "cart deploy v2 in production", "source": "cart", "timestamp": "2026-11-20T12:00:00Z", "custom_details":
			{"service": "cart", "environment": "production", "kind": "deploy", "version": "v2", "change": "k3yk3yk3yk3yk3yk3yk3yk3yk3"}}}`)
	if diff := cmp.Diff(want, decode(t, string(q.Body))); diff != "" || q.Path != "/v2/change/enqueue" {
		t.Errorf("to %s (-want +got):\n%s", q.Path, diff)
	}
}

// The routing key follows from the service; what no route matches, and kinds and environments that were not asked
// for, get no event, and are not tried again.
func TestRoutes(t *testing.T) {
	f := func(name string, edit func(*DeploysConfig), alter func(*notify.Report), want string) {
		t.Helper()
		r := sendertest.NewReceiver(t, sendertest.Accept)
		d, err := newDeploys(t, r.URL, func(c *DeploysConfig) {
			c.Services = []Route{
				{Match: []string{"shop-*", "cart"}, RoutingKeyFile: sendertest.SecretFile(t, otherKey)},
				{Match: []string{"pay"}, RoutingKeyFile: sendertest.SecretFile(t, key)},
			}
			edit(c)
		})
		if err != nil {
			t.Fatal(err)
		}
		report := sendertest.Report()
		alter(&report)
		if _, err := d.Report(t.Context(), report, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got struct {
			RoutingKey string `json:"routing_key"`
		}
		if all := r.Requests(); len(all) > 0 {
			_ = json.Unmarshal(all[0].Body, &got)
		}
		if got.RoutingKey != want {
			t.Errorf("%s: sent with the key %q, want %q", name, got.RoutingKey, want)
		}
	}
	same, every := func(*notify.Report) {}, func(*DeploysConfig) {}
	f("by name", every, same, otherKey)
	f("by glob", every, func(r *notify.Report) { r.Service = "shop-web" }, otherKey)
	f("second route", every, func(r *notify.Report) { r.Service = "pay" }, key)
	f("no route", every, func(r *notify.Report) { r.Service = "search" }, "")
	f("environment", func(c *DeploysConfig) { c.Environments = []string{"staging"} }, same, "")
	f("kind", func(c *DeploysConfig) { c.Kinds = []string{string(sources.Flag)} }, same, "")
	f("kind that was asked for", func(c *DeploysConfig) { c.Kinds = []string{string(sources.Deploy)} }, same, otherKey)
}

func TestDeploysConfig(t *testing.T) {
	f := func(edit func(*DeploysConfig), want string) {
		t.Helper()
		if _, err := newDeploys(t, "", edit); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f(func(c *DeploysConfig) { c.Services = nil }, "services is missing")
	f(func(c *DeploysConfig) { c.Services[0].Match = nil }, "services[0].match is missing")
	f(func(c *DeploysConfig) { c.Services[0].Match = []string{"["} }, "services[0].match holds")
	f(func(c *DeploysConfig) { c.Services[0].RoutingKeyFile = "" }, "services[0].routing_key_file is missing")
	f(func(c *DeploysConfig) { c.Services[0].RoutingKeyFile = "/nowhere" }, "services[0].routing_key_file: ")
}

// A decision acknowledges what it decides; what becomes of it goes into the same incident.
func TestAcknowledge(t *testing.T) {
	var last map[string]any
	r := sendertest.NewReceiver(t, func(http.ResponseWriter, *http.Request) {})
	s := newSender(t, r.URL, true)
	f := func(edit func(*notify.Message), action string) {
		t.Helper()
		m := sendertest.Message()
		edit(&m)
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		all := r.Requests()
		last = decode(t, string(all[len(all)-1].Body))
		if last["event_action"] != action || last["dedup_key"] != m.Key {
			t.Errorf("sent %v, want %s", last, action)
		}
	}
	f(func(*notify.Message) {}, "trigger")
	f(func(m *notify.Message) { m.TakenBy = "amy" }, "acknowledge")
	if _, has := last["payload"]; has {
		t.Error("an acknowledge has no payload")
	}
	f(func(m *notify.Message) { m.TakenBy, m.Severity = "amy", notify.Info }, "acknowledge")
	f(func(*notify.Message) {}, "trigger")
	f(func(m *notify.Message) { m.TakenBy, m.Resolved = "amy", true }, "resolve")
}
