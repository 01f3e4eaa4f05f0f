package argocd

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/internal/argoapps"
)

// applications is what Argo CD's API answers of the application that sent the notification synced.
const applications = `{"items": [{
  "metadata": {"uid": "9d5b", "name": "cart", "namespace": "argocd", "labels": {"env": "prod"}},
  "spec": {"project": "shop", "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop-prod"}},
  "status": {
    "health": {"status": "Healthy", "lastTransitionTime": "2026-03-01T12:02:00Z"},
    "history": [{"id": 6, "revision": "aaa1", "deployStartedAt": "2026-02-01T12:00:00Z", "deployedAt": "2026-02-01T12:00:05Z"},
      {"id": 7, "revision": "bbb2", "deployStartedAt": "2026-03-01T12:00:00Z", "deployedAt": "2026-03-01T12:00:05Z"}],
    "summary": {"images": ["registry:5000/acme/cart:v42", "envoy@sha256:00ff"]},
    "operationState": {"phase": "Succeeded", "startedAt": "2026-03-01T12:00:00Z", "finishedAt": "2026-03-01T12:00:05Z",
      "operation": {"initiatedBy": {"username": "ada"}}, "syncResult": {"revision": "bbb2"}}}}]}`

// What the API says of a sync is the event that its notification would have brought, but for the link: the
// address of Argo CD's pages stands in its own settings.
func TestRecentGivesTheEventsOfNotifications(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(applications)) }))
	defer server.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("a-token-of-argo-cd"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, image := range []string{"", "registry:5000/acme/*"} {
		s, err := New(changes.Options{Name: "argocd"}, Config{
			TokenConfig: settings(changestest.Config{Insecure: true}), EnvironmentFrom: "namespace", Image: image,
			API: argoapps.Config{APIURL: server.URL, TokenFile: token},
		})
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.Parse(http.Header{}, []byte(synced))
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			want[i].URL = ""
		}
		got, err := s.Recent(t.Context(), time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC))
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0].Events, want) {
			t.Errorf("%+v, %v\nwant %+v", got, err, want)
		}
	}
}
