package gitlab

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

func TestPipelinesThatAreNoDeploys(t *testing.T) {
	s, body := everything(t), fixture(t, "pipeline.json")
	for _, swap := range [][2]string{{`"ref": "main"`, `"ref": "try"`}, {`"source": "push"`, `"source": "merge_request_event"`}, {`"source": "push"`, `"source": "external_pull_request_event"`}} {
		if _, err := s.Parse(nil, []byte(strings.Replace(body, swap[0], swap[1], 1))); !errors.Is(err, changes.ErrIgnored) {
			t.Errorf("%s: %v", swap[1], err)
		}
	}
	for _, swap := range [][2]string{{`"before_sha": "3f786850e387550fdab836ed7e6dc881de23001b"`, `"before_sha": "` + strings.Repeat("0", 40) + `"`}, {`"source": "push"`, `"source": "schedule"`}} {
		got, err := s.Parse(nil, []byte(strings.Replace(body, swap[0], swap[1], 1)))
		if err != nil || got[0].Previous != "" {
			t.Errorf("%s: %+v, %v; want no previous version", swap[1], got, err)
		}
	}
}

// A flag that is switched on, off and on again is three changes, and each sent twice is one.
func TestFlagsAreToldApartByTheirDeliveries(t *testing.T) {
	s, body := everything(t), fixture(t, "feature_flag.json")
	seen := map[string]string{}
	f := func(h http.Header, active, version, id string, at time.Time) {
		t.Helper()
		got, err := s.Parse(h, []byte(strings.Replace(body, `"active": true`, `"active": `+active, 1)))
		if err != nil || got[0].Version != version || !strings.HasSuffix(got[0].EventID, ":"+id) || !got[0].At.Equal(at) {
			t.Fatalf("%v: %+v, %v", h, got, err)
		}
		seen[got[0].ChangeID] = version
	}
	f(http.Header{"Idempotency-Key": {"a"}}, "true", "on", "a", noon)
	f(http.Header{"Idempotency-Key": {"b"}}, "false", "off", "b", noon)
	f(http.Header{"Idempotency-Key": {"c"}}, "true", "on", "c", noon)
	f(http.Header{"Idempotency-Key": {"c"}}, "true", "on", "c", noon)
	f(http.Header{"X-Gitlab-Event-Uuid": {"d"}}, "true", "on", "d", noon)
	f(http.Header{"Webhook-Id": {"e"}, "Idempotency-Key": {"x"}, "Webhook-Timestamp": {"1772366400"}, "Webhook-Signature": {"v1,x"}}, "true", "on", "e", time.Unix(1772366400, 0))
	if len(seen) != 5 {
		t.Errorf("changes: %v", seen)
	}
	if _, err := s.Parse(nil, []byte(body)); !errors.As(err, new(*sources.BadEvent)) || !strings.Contains(err.Error(), "Idempotency-Key") {
		t.Errorf("without an id: %v", err)
	}
}

func TestReleasesThatAreNone(t *testing.T) {
	s, body := everything(t), fixture(t, "release.json")
	for _, swap := range [][2]string{{`"create"`, `"update"`}, {`"create"`, `"delete"`}, {`"released_at": "2026-03-01`, `"released_at": "2026-03-02`}} {
		if _, err := s.Parse(nil, []byte(strings.Replace(body, swap[0], swap[1], 1))); !errors.Is(err, changes.ErrIgnored) {
			t.Errorf("%s: %v", swap[1], err)
		}
	}
}

// The samples of integrations.md, where they lie beside the repository.
func TestRealDeliveries(t *testing.T) {
	const shared = "../../../../shared/payloads/gitlab"
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("the samples of GitLab are not beside the repository: %v", err)
	}
	s := configured(t, Config{Events: kinds, Pipelines: []Pipeline{{Ref: "*"}}})
	for file, want := range map[string]bool{
		"deployment.json": true, "feature_flag.json": true, "release.json": true, "job.json": false, "tag_push.json": false,
		"pipeline.json": false, "go-playground/deployment-event.json": true, "go-playground/release-event.json": true,
	} {
		body, err := os.ReadFile(filepath.Join(shared, file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Parse(http.Header{"Idempotency-Key": {"k"}}, body)
		if want && err != nil || !want && !errors.Is(err, changes.ErrIgnored) {
			t.Errorf("%s: %+v, %v; a change: %v", file, got, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range []string{"deployment.json", "pipeline.json", "feature_flag.json", "release.json"} {
		f.Add("k", []byte(fixture(f, file)))
	}
	f.Add("", []byte(`{"object_kind":"deployment","status_changed_at":7}`))
	s := everything(f)
	f.Fuzz(func(t *testing.T, id string, body []byte) {
		events, err := s.Parse(http.Header{"Idempotency-Key": {id}}, body)
		if err != nil {
			bad := (*sources.BadEvent)(nil)
			if !errors.Is(err, changes.ErrIgnored) && !errors.As(err, &bad) || bad != nil && strings.ContainsAny(bad.Reason, "\n\r") {
				t.Fatalf("%v is neither ignored nor bad", err)
			}
			return
		}
		for _, e := range events {
			if e.Source != "gitlab" || e.Service == "" || e.Version == "" || e.At.IsZero() {
				t.Fatalf("incomplete: %+v", e)
			}
		}
	})
}
