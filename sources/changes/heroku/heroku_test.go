package heroku

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

const released = `{
  "id": "0b1f", "action": "update", "resource": "release", "created_at": "2026-03-01T12:00:00Z", "published_at": "2026-03-01T12:02:00Z",
  "actor": {"email": "ada@example.org", "id": "3350"}, "sequence": null, "version": "application/vnd.heroku+json; version=3", "previous_data": {},
  "data": {"id": "8f2a", "app": {"id": "d2f2", "name": "cart"}, "description": "Deploy 1dc6aa69", "status": "succeeded", "version": 42, "current": true,
    "slug": {"id": "c0ff", "commit": "1dc6aa69"}, "created_at": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T12:02:00Z", "user": {"email": "ada@example.org"}},
  "webhook_metadata": {"attempt": {"id": "8a44"}, "delivery": {"id": "d244"}, "event": {"id": "0b1f", "include": "api:release"}, "webhook": {"id": "b54e"}}
}`

func settings(c changestest.Config) Config {
	return Config{webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.Base64HMAC("Heroku-Webhook-Hmac-SHA256")},
		Started:    changestest.Delivery{Body: strings.NewReplacer(`"succeeded"`, `"pending"`, `"update"`, `"create"`, "12:02", "12:00").Replace(released)},
		Succeeded:  changestest.Delivery{Body: released},
		Ignored:    []changestest.Delivery{{Body: strings.Replace(released, `"release"`, `"dyno"`, 1)}},
		At:         time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC),
	})
}

func source(t testing.TB) changes.Source {
	t.Helper()
	s, err := New(changes.Options{Name: "heroku"}, settings(changestest.Config{Insecure: true}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDescriptions(t *testing.T) {
	f := func(description string, want sources.Kind) {
		t.Helper()
		got, err := source(t).Parse(nil, []byte(strings.Replace(released, "Deploy 1dc6aa69", description, 1)))
		if err != nil || got[0].Kind != want || got[0].Version != "v42" || got[0].Previous != "v41" || got[0].Labels["commit"] != "1dc6aa69" {
			t.Errorf("%s: %+v, %v", description, got, err)
		}
	}
	f("Deploy 1dc6aa69", sources.Deploy)
	f("Deployed web (5a1f)", sources.Deploy)
	f("Promote cart-staging v41 1dc6aa69", sources.Deploy)
	f("Rollback to v40", sources.Deploy)
	f("Set PRICE config vars", sources.Config)
	f("Remove PRICE config vars", sources.Config)
	f("Attach DATABASE (@ref:postgresql-1)", sources.Config)
}

// A release is told again when it becomes the current one.
func TestOneStatusIsOneEvent(t *testing.T) {
	first, errA := source(t).Parse(nil, []byte(released))
	second, errB := source(t).Parse(nil, []byte(strings.NewReplacer("0b1f", "0b20", "d244", "d245", "12:02", "12:03").Replace(released)))
	if errA != nil || errB != nil || first[0].EventID != second[0].EventID {
		t.Errorf("%+v, %v; %+v, %v", first, errA, second, errB)
	}
}

func TestTheFirstReleaseHasNoneBefore(t *testing.T) {
	got, err := source(t).Parse(nil, []byte(strings.Replace(released, `"version": 42`, `"version": 1`, 1)))
	if err != nil || got[0].Version != "v1" || got[0].Previous != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f), changestest.Delivery{Body: released})
}
