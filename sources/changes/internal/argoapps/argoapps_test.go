package argoapps

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// reader reads notifications as far as this package has to write them: whole ones are read by the
// source of Argo CD, which is tested with this package in its folder.
type reader struct{ changes.Source }

func (reader) Parse(_ http.Header, body []byte) ([]sources.Event, error) {
	var n notification
	if err := json.Unmarshal(body, &n); err != nil {
		return nil, err
	}
	if n.Operation.Phase == "Succeeded" && n.Health.Status != "Healthy" {
		return nil, changes.ErrIgnored
	}
	at := n.Operation.StartedAt
	if n.Operation.FinishedAt != nil {
		at = *n.Operation.FinishedAt
	}
	id := fmt.Sprintf("%s %s %s %s of %d", n.Application.UID, n.Operation.StartedAt.Format("15:04"), n.Operation.Phase, n.Operation.Revision, len(n.History))
	return []sources.Event{{EventID: id, At: at, Service: n.Application.Name}}, nil
}

// list is what Argo CD answers: an application that was synced twice, one that waits for its health, one
// that runs, one that was never synced and one whose last sync is old.
const list = `{"metadata": {"resourceVersion": "1"}, "items": [
  {"metadata": {"uid": "a", "name": "cart", "namespace": "argocd", "labels": {"env": "prod"}}, "spec": {"project": "shop", "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"}},
   "status": {"health": {"status": "Healthy", "lastTransitionTime": "2026-03-01T12:07:00Z"}, "summary": {"images": ["cart:v42"]},
     "history": [{"id": 5, "revision": "aaa", "deployStartedAt": "2026-02-01T12:00:00Z", "deployedAt": "2026-02-01T12:00:05Z"},
       {"id": 6, "revision": "bbb", "deployStartedAt": "2026-03-01T12:01:00Z", "deployedAt": "2026-03-01T12:01:05Z", "initiatedBy": {"username": "ada"}},
       {"id": 7, "revision": "ccc", "deployStartedAt": "2026-03-01T12:05:00Z", "deployedAt": "2026-03-01T12:05:05Z"}],
     "operationState": {"phase": "Succeeded", "startedAt": "2026-03-01T12:05:00Z", "finishedAt": "2026-03-01T12:05:05Z",
       "operation": {"initiatedBy": {"automated": true}}, "syncResult": {"revision": "ccc"}}}},
  {"metadata": {"uid": "b", "name": "pay"}, "spec": {}, "status": {"health": {"status": "Progressing"},
     "operationState": {"phase": "Succeeded", "startedAt": "2026-03-01T12:03:00Z", "finishedAt": "2026-03-01T12:03:05Z", "syncResult": {"revision": "ddd"}}}},
  {"metadata": {"uid": "c", "name": "web"}, "spec": {}, "status": {"operationState": {"phase": "Running", "startedAt": "2026-03-01T12:04:00Z", "syncResult": {"revision": "eee"}}}},
  {"metadata": {"uid": "d", "name": "new"}, "spec": {}, "status": {}},
  {"metadata": {"uid": "e", "name": "old"}, "spec": {}, "status": {"health": {"status": "Healthy"},
     "operationState": {"phase": "Succeeded", "startedAt": "2026-02-03T12:04:00Z", "finishedAt": "2026-02-03T12:04:05Z", "syncResult": {"revision": "fff"}}}}
]}`

func asked(t *testing.T, handler http.HandlerFunc, c Config) *Source {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c.APIURL, c.TokenFile = server.URL, filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(c.TokenFile, []byte("a-token-of-argo-cd"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := With(reader{}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRecent(t *testing.T) {
	s := asked(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.URL.Path != "/api/v1/applications" || r.Header.Get("Authorization") != "Bearer a-token-of-argo-cd" || !reflect.DeepEqual(q["projects"], []string{"shop"}) || !strings.Contains(q.Get("fields"), "items.status.operationState.phase") {
			t.Errorf("asked %s with %v", r.URL, r.Header)
		}
		_, _ = w.Write([]byte(list))
	}, Config{Projects: []string{"shop"}})
	got, err := s.Recent(t.Context(), noon)
	var found []string
	for _, d := range got {
		found = append(found, d.Events[0].EventID)
	}
	want := []string{"a 12:01 Running bbb of 1", "c 12:04 Running eee of 0", "a 12:05 Succeeded ccc of 3"}
	if err != nil || !reflect.DeepEqual(found, want) {
		t.Errorf("%q, %v; want %q", found, err, want)
	}
	var body struct {
		Destination struct{ Namespace string }
		Operation   struct{ InitiatedBy struct{ Username string } }
	}
	if err := json.Unmarshal(got[0].Raw, &body); err != nil || body.Destination.Namespace != "shop" || body.Operation.InitiatedBy.Username != "ada" {
		t.Errorf("%s: %+v, %v", got[0].Raw, body, err)
	}
}

func TestBadAnswers(t *testing.T) {
	f := func(status int, body string, limited bool) {
		t.Helper()
		s := asked(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}, Config{})
		if got, err := s.Recent(t.Context(), noon); err == nil || len(got) != 0 || errors.As(err, new(*changes.RateLimited)) != limited {
			t.Errorf("%d %s: %v, %v", status, body, got, err)
		}
	}
	f(401, `{"error":"no session information","code":16}`, false)
	f(403, `{"error":"permission denied","code":7}`, false)
	f(429, "", true)
	f(200, `{"items":[{"metadata":`, false)
	f(200, `<html>`, false)
}

func TestSettings(t *testing.T) {
	for _, c := range []Config{{APIURL: "https://argocd.example.org"}, {Projects: []string{"shop"}}, {TokenFile: "absent", APIURL: "https://argocd.example.org"}} {
		if _, err := With(reader{}, c); err == nil || !strings.HasPrefix(err.Error(), "token_file") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	s, err := With(reader{}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recent(t.Context(), noon); !errors.Is(err, changes.ErrNoAPI) {
		t.Errorf("%v", err)
	}
}
