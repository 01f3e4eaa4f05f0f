package octopus

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// succeeded has an emoji before the names, which counts for two in the places.
const succeeded = `{
  "EventType": "SubscriptionPayload", "Timestamp": "2026-03-01T12:02:30.000+00:00",
  "Payload": {"ServerUri": "https://octopus.example.org/", "Event": {
    "Id": "Events-1111977", "Category": "DeploymentSucceeded", "Username": "ada", "SpaceId": "Spaces-282", "Occurred": "2026-03-01T13:02:00.5+01:00",
    "Message": "🚀 Deploy to Live succeeded for Cart release 0.1.178 to Live for Acme",
    "MessageReferences": [
      {"Length": 14, "ReferencedDocumentId": "Deployments-12519", "StartIndex": 3},
      {"Length": 4, "ReferencedDocumentId": "Projects-4522", "StartIndex": 32},
      {"Length": 7, "ReferencedDocumentId": "Releases-11138", "StartIndex": 45},
      {"Length": 4, "ReferencedDocumentId": "Environments-1621", "StartIndex": 56},
      {"Length": 4, "ReferencedDocumentId": "Tenants-7", "StartIndex": 65}],
    "RelatedDocumentIds": ["Deployments-12519", "Projects-4522", "Releases-11138", "Environments-1621", "Tenants-7", "ServerTasks-569388", "Channels-5462"]}}
}`

func settings(c changestest.Config) Config {
	return Config{webhook.TokenConfig{Config: webhook.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Scope: c.Scope}, Header: "X-Pushback-Secret"}}
}

func TestContract(t *testing.T) {
	changestest.Run(t, changestest.Subject{
		New: func(c changestest.Config) (changes.Source, error) {
			return New(changes.Options{Name: changestest.Name}, settings(c))
		},
		Signatures: []changestest.Signature{changestest.Token("X-Pushback-Secret")},
		Started:    changestest.Delivery{Body: strings.NewReplacer("DeploymentSucceeded", "DeploymentStarted", "Events-1111977", "Events-1111970", "13:02:00.5", "13:00:00").Replace(succeeded)},
		Succeeded:  changestest.Delivery{Body: succeeded},
		Ignored: []changestest.Delivery{
			{Body: strings.Replace(succeeded, "DeploymentSucceeded", "DeploymentQueued", 1)},
			{Body: strings.Replace(succeeded, "DeploymentSucceeded", "Modified", 1)},
		},
		At: time.Date(2026, 3, 1, 12, 2, 0, 500_000_000, time.UTC), Environment: "Live",
	})
}

func source(t testing.TB) changes.Source {
	t.Helper()
	s, err := New(changes.Options{Name: "octopus"}, settings(changestest.Config{Insecure: true}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNames(t *testing.T) {
	f := func(name, body, service, environment, version string) {
		t.Helper()
		got, err := source(t).Parse(nil, []byte(body))
		if err != nil || got[0].Service != service || got[0].Environment != environment || got[0].Version != version {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	f("as it is", succeeded, "Cart", "Live", "0.1.178")
	f("without references", strings.Replace(succeeded, `"MessageReferences"`, `"x"`, 1), "Projects-4522", "Environments-1621", "Releases-11138")
	f("a place beyond the message", strings.Replace(succeeded, `"StartIndex": 32`, `"StartIndex": 3200`, 1), "Projects-4522", "Live", "0.1.178")
	f("a length beyond the message", strings.Replace(succeeded, `{"Length": 4, "ReferencedDocumentId": "Projects`, `{"Length": 9223372036854775807, "ReferencedDocumentId": "Projects`, 1), "Projects-4522", "Live", "0.1.178")
	f("a negative place", strings.Replace(succeeded, `"StartIndex": 32`, `"StartIndex": -1`, 1), "Projects-4522", "Live", "0.1.178")
	got, err := source(t).Parse(nil, []byte(succeeded))
	if err != nil || got[0].Region != "Acme" || got[0].URL != "https://octopus.example.org/app#/Spaces-282/deployments/Deployments-12519" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRealDelivery(t *testing.T) {
	body, err := os.ReadFile("../../../../shared/payloads/octopus/subscription_deployment_failed.json")
	if err != nil {
		t.Skipf("the captured payload is not beside the repository: %v", err)
	}
	got, err := source(t).Parse(nil, body)
	if err != nil || got[0].Status != sources.Failed || got[0].Service != "Argo CD Octopub" || got[0].Environment != "Development" || got[0].Version != "0.1.178" || got[0].Actor != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	changestest.Fuzz(f, source(f), changestest.Delivery{Body: succeeded})
}
