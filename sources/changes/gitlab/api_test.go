package gitlab

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
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

type object = map[string]any

// api is a GitLab of scripted answers (docs.gitlab.com/api/deployments). It refuses what the real one
// refuses: updated_after without its order, and a token that is not there.
type api struct {
	mu          sync.Mutex
	deployments []object
	asked       []string
	fail        func(w http.ResponseWriter, r *http.Request) bool // answers instead
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.URL.RequestURI())
	if a.fail != nil && a.fail(w, r) {
		return
	}
	q, page := r.URL.Query(), 1
	switch {
	case r.Header.Get("Private-Token") != "glpat-a-secret-token":
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.EscapedPath() == "/api/v4/projects/acme%2Fcart":
		write(w, object{"id": 30, "path_with_namespace": "acme/cart", "name": "cart"})
	case r.URL.Path != "/api/v4/projects/30/deployments":
		w.WriteHeader(http.StatusNotFound)
	case q.Get("updated_after") != "" && q.Get("order_by") != "updated_at":
		w.WriteHeader(http.StatusBadRequest)
	default:
		_, _ = fmt.Sscan(q.Get("page"), &page)
		from := min((page-1)*perPage, len(a.deployments))
		write(w, a.deployments[from:min(from+perPage, len(a.deployments))])
	}
}

func write(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (a *api) source(t testing.TB, c Config) *Source {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	c.APIURL, c.TokenFile = server.URL+"/api/v4", filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(c.TokenFile, []byte("glpat-a-secret-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	return configured(t, c)
}

func deploymentObject(id int, status string, at time.Time, job object) object {
	return object{
		"id": id, "iid": id % 100, "status": status, "ref": "release-7", "sha": "3f786850e387550fdab836ed7e6dc881de23001b",
		"created_at": at.Format("2006-01-02T15:04:05.000Z07:00"), "updated_at": at.Add(time.Minute).Format("2006-01-02T15:04:05.000Z07:00"),
		"user": object{"id": 3, "username": "ada"}, "environment": object{"id": 9, "name": "production/eu", "tier": "production"}, "deployable": job,
	}
}

func ids(all []changes.Delivery) (found []string) {
	for _, d := range all {
		for _, e := range d.Events {
			found = append(found, e.EventID+" "+e.At.Format("15:04:05"))
		}
	}
	return found
}

func TestRecentTellsWhatWebhooksWouldHave(t *testing.T) {
	job := func(from, to int) object {
		o := object{"id": 1, "web_url": "https://gitlab.example.org/acme/cart/-/jobs/9001", "started_at": noon.Add(time.Duration(from) * time.Second).Format(time.RFC3339), "finished_at": nil}
		if to > 0 {
			o["finished_at"] = noon.Add(time.Duration(to) * time.Second).Format(time.RFC3339)
		}
		return o
	}
	a := &api{deployments: []object{
		deploymentObject(415, "success", noon, job(30, 150)),
		deploymentObject(416, "running", noon, job(200, 0)),
		deploymentObject(417, "blocked", noon, nil),
		deploymentObject(418, "failed", noon.Add(5*time.Minute), nil), // made by API
		{"id": "x"},
		deploymentObject(419, "a status of later years", noon, nil),
	}}
	got, err := a.source(t, Config{Projects: []string{"acme/cart"}}).Recent(t.Context(), noon)
	want := []string{
		"deployment:30:415:running 12:00:30", "deployment:30:415:success 12:02:30", "deployment:30:416:running 12:03:20", "deployment:30:418:failed 12:06:00",
	}
	if err != nil || !reflect.DeepEqual(ids(got), want) {
		t.Errorf("%q, %v\nwant %q", ids(got), err, want)
	}
	if want := "/api/v4/projects/30/deployments?order_by=updated_at&page=1&per_page=100&sort=asc&updated_after=2026-03-01T12%3A00%3A00Z"; a.asked[1] != want {
		t.Errorf("asked %s", a.asked[1])
	}
}

// The event of a delivery and that of the API are one: nothing is told twice.
func TestRecentGivesTheEventsOfTheDeliveries(t *testing.T) {
	a := &api{deployments: []object{deploymentObject(415, "success", noon, object{
		"web_url": "https://gitlab.example.org/acme/cart/-/jobs/9001", "started_at": nil, "finished_at": noon.Add(150 * time.Second).Format(time.RFC3339),
	})}}
	s := a.source(t, Config{Projects: []string{"acme/cart"}, Scope: changes.Scope{Environments: map[string]string{"production/eu": "production"}, Rollout: time.Minute}})
	want, err := s.Parse(nil, []byte(fixture(t, "deployment.json")))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Recent(t.Context(), noon); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0].Events, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestRecentReadsPagesWithinBounds(t *testing.T) {
	f := func(n int, ok bool, requests int) {
		t.Helper()
		a := &api{}
		for i := range n {
			a.deployments = append(a.deployments, deploymentObject(100+i, "failed", noon, nil))
		}
		got, err := a.source(t, Config{Projects: []string{"acme/cart"}}).Recent(t.Context(), noon)
		if (err == nil) != ok || len(a.asked) != requests || len(got) != min(n, maxPages*perPage) {
			t.Errorf("of %d deployments: %d, %v, %d requests", n, len(got), err, len(a.asked))
		}
	}
	f(0, true, 2)
	f(250, true, 4)
	f(1000, false, 1+maxPages)
}

func TestRecentWithBadAnswers(t *testing.T) {
	f := func(name string, limited bool, fail func(w http.ResponseWriter, r *http.Request) bool) {
		t.Helper()
		a := &api{fail: fail}
		got, err := a.source(t, Config{Projects: []string{"acme/cart"}}).Recent(t.Context(), noon)
		if err == nil || len(got) != 0 || errors.As(err, new(*changes.RateLimited)) != limited {
			t.Errorf("%s: %q, %v", name, ids(got), err)
		}
	}
	answer := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	f("a rate limit", true, answer(429, "Retry later"))
	f("a project that is not there", false, answer(404, `{"message":"404 Project Not Found"}`))
	f("a page that is cut", false, answer(200, `{"id":`))
	f("a sign-in page", false, answer(200, `<html>`))
}

func TestRecentNeedsSettings(t *testing.T) {
	for _, s := range []*Source{configured(t, Config{}), (&api{}).source(t, Config{})} {
		if _, err := s.Recent(t.Context(), noon); !errors.Is(err, changes.ErrNoAPI) {
			t.Errorf("%v", err)
		}
	}
	s := (&api{}).source(t, Config{Projects: []string{"acme/cart"}, Events: []string{"release"}})
	if got, err := s.Recent(t.Context(), noon); err != nil || len(got) != 0 {
		t.Errorf("deployments are not chosen: %v, %v", got, err)
	}
}

func TestPrevious(t *testing.T) {
	of := func(id int, sha string) object { return object{"id": id, "sha": sha, "status": "success"} }
	f := func(name, want string, all ...object) {
		t.Helper()
		a := &api{deployments: all}
		s := a.source(t, Config{Scope: changes.Scope{Environments: map[string]string{"production/eu": "production"}}})
		events, err := s.Parse(nil, []byte(fixture(t, "deployment.json")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Complete(t.Context(), events)
		if err != nil || got[0].Previous != want || len(a.asked) != 1 {
			t.Errorf("%s: %+v, %v, asked %q", name, got, err, a.asked)
		}
		if !strings.Contains(a.asked[0], "environment=production%2Feu&") {
			t.Errorf("asked %s", a.asked[0])
		}
	}
	f("the one before", "aaa", of(420, "ddd"), of(415, "ccc"), of(411, "aaa"))
	f("the first one", "", of(415, "ccc"))
	f("none", "")
}

func TestCompleteLeavesEventsAsTheyAre(t *testing.T) {
	f := func(name string, s *Source, e sources.Event, fails bool) {
		t.Helper()
		got, err := s.Complete(t.Context(), []sources.Event{e})
		if (err != nil) != fails || !reflect.DeepEqual(got, []sources.Event{e}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	event := sources.Event{ChangeID: "gitlab:30/415", Environment: "production"}
	f("no token", configured(t, Config{}), event, false)
	f("a pipeline", (&api{}).source(t, Config{}), sources.Event{ChangeID: "gitlab:30/pipelines/31"}, false)
	f("another project", (&api{}).source(t, Config{}), sources.Event{ChangeID: "gitlab:31/415"}, true)
	broken := &api{fail: func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("{")); return true }}
	f("a broken answer", broken.source(t, Config{}), event, true)
}
