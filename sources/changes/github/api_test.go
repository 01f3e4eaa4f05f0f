package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// api is a GitHub of scripted answers: of REST deployments and statuses (docs.github.com/rest/deployments)
// and of GraphQL's repository.deployments.
type api struct {
	mu          sync.Mutex
	deployments []object // newest first
	statuses    map[int][]object
	graphql     func(variables object) any
	asked       []string
	fail        func(w http.ResponseWriter, r *http.Request) bool // answers instead
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.Method+" "+r.URL.RequestURI())
	if a.fail != nil && a.fail(w, r) {
		return
	}
	var id, page int
	switch r.URL.Path {
	case "/graphql":
		var q struct{ Variables object }
		_ = json.NewDecoder(r.Body).Decode(&q)
		write(w, a.graphql(q.Variables))
	case "/repos/acme/cart/deployments":
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		from := min((page-1)*perPage, len(a.deployments))
		write(w, a.deployments[from:min(from+perPage, len(a.deployments))])
	default:
		if _, err := fmt.Sscanf(r.URL.Path, "/repos/acme/cart/deployments/%d/statuses", &id); err != nil {
			w.WriteHeader(http.StatusNotFound)
		}
		write(w, append([]object{}, a.statuses[id]...))
	}
}

func write(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (a *api) source(t testing.TB, c Config) *Source {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	c.APIURL, c.TokenFile = server.URL, filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(c.TokenFile, []byte("ghp_a-secret-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	return configured(t, c)
}

func deploymentObject(id int, at time.Time, creator string) object {
	return object{
		"url": "https://api.github.com/x", "id": id, "node_id": "D", "sha": "3f786850e387550fdab836ed7e6dc881de23001b", "ref": "release-7", "task": "deploy",
		"payload": object{}, "original_environment": "production", "environment": "production", "description": nil, "creator": object{"login": creator},
		"created_at": at.Format(time.RFC3339), "updated_at": at.Format(time.RFC3339), "transient_environment": false, "production_environment": true, "performed_via_github_app": nil,
	}
}

func statusObject(id int, state string, at time.Time, log string) object {
	return object{
		"id": id, "state": state, "creator": object{"login": "deploy-bot"}, "description": "", "environment": "production", "target_url": "",
		"created_at": at.Format(time.RFC3339), "log_url": log, "environment_url": "",
	}
}

// ids are the events of some deliveries.
func ids(all []changes.Delivery) (found []string) {
	for _, d := range all {
		for _, e := range d.Events {
			found = append(found, e.EventID+" "+string(e.Status))
		}
	}
	return found
}

func TestRecentTellsWhatWebhooksWouldHave(t *testing.T) {
	a := &api{
		deployments: []object{
			deploymentObject(4023, noon.Add(3*time.Minute), "github-actions[bot]"),
			deploymentObject(4021, noon, "ada"),
			deploymentObject(4010, noon.Add(-time.Hour), "ada"),
			deploymentObject(3000, noon.Add(-30*time.Hour), "ada"),
		},
		statuses: map[int][]object{
			4023: {statusObject(90310, "success", noon.Add(9*time.Minute), "https://github.com/acme/cart/actions/runs/1/job/2"), statusObject(90305, "in_progress", noon.Add(5*time.Minute), ""), statusObject(90301, "queued", noon.Add(4*time.Minute), ""), statusObject(90300, "waiting", noon.Add(3*time.Minute), "")},
			4021: {statusObject(90210, "success", noon.Add(150*time.Second), "")},
			4010: {statusObject(90101, "inactive", noon.Add(150*time.Second), ""), statusObject(90100, "failure", noon.Add(time.Minute), "")},
		},
	}
	got, err := a.source(t, Config{Repositories: []string{"acme/cart"}}).Recent(t.Context(), noon.Add(-time.Minute))
	want := []string{
		"deployment:4021 started", "deployment_status:90100 failed", "deployment_status:90210 succeeded",
		"deployment_status:90305 started", "deployment_status:90310 succeeded",
	}
	if err != nil || !reflect.DeepEqual(ids(got), want) {
		t.Errorf("%q, %v\nwant %q", ids(got), err, want)
	}
	for _, d := range got {
		if !json.Valid(d.Raw) {
			t.Errorf("the raw delivery is no JSON: %s", d.Raw)
		}
	}
	for _, asked := range a.asked {
		if strings.Contains(asked, "3000") {
			t.Errorf("asked for the statuses of an old deployment: %s", asked)
		}
	}
}

// The event of a delivery and that of the API are one: nothing is told twice.
func TestRecentGivesTheEventsOfTheDeliveries(t *testing.T) {
	var delivered struct {
		Status     object `json:"deployment_status"`
		Deployment object `json:"deployment"`
	}
	body := fixture(t, "deployment_status.json")
	if err := json.Unmarshal([]byte(body), &delivered); err != nil {
		t.Fatal(err)
	}
	a := &api{deployments: []object{delivered.Deployment}, statuses: map[int][]object{4021: {delivered.Status}}}
	s := a.source(t, Config{Repositories: []string{"acme/cart"}})
	want, err := s.Parse(of("deployment_status"), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Recent(t.Context(), noon)
	if err != nil || len(got) != 2 || !reflect.DeepEqual(got[1].Events, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestRecentReadsPagesWithinBounds(t *testing.T) {
	f := func(n int, ok bool, requests int) {
		t.Helper()
		a := &api{}
		for i := range n {
			a.deployments = append(a.deployments, deploymentObject(9000-i, noon.Add(-time.Duration(i)*time.Second), "ada"))
		}
		got, err := a.source(t, Config{Repositories: []string{"acme/cart"}}).Recent(t.Context(), noon.Add(-time.Hour))
		if (err == nil) != ok || len(a.asked) != requests || ok && len(got) != n {
			t.Errorf("of %d deployments: %d, %v, %d requests", n, len(got), err, len(a.asked))
		}
	}
	f(0, true, 1)
	f(99, true, 100)
	f(150, true, 152)
	f(400, false, maxRequests)
}

func TestRecentWithBadAnswers(t *testing.T) {
	f := func(name string, fail func(w http.ResponseWriter, r *http.Request) bool, found int, limited bool) {
		t.Helper()
		a := &api{deployments: []object{deploymentObject(4021, noon, "ada"), deploymentObject(4020, noon, "ada")}, fail: fail}
		got, err := a.source(t, Config{Repositories: []string{"acme/cart"}}).Recent(t.Context(), noon)
		if err == nil || len(got) != found || errors.As(err, new(*changes.RateLimited)) != limited {
			t.Errorf("%s: %q, %v", name, ids(got), err)
		}
	}
	f("a rate limit", func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(time.Hour).Unix()))
		w.WriteHeader(http.StatusForbidden)
		return true
	}, 0, true)
	f("a rate limit on the way", func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/4020/") {
			return false
		}
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}, 1, true)
	f("a page that is cut", func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write([]byte(`[{"id": 40`))
		return true
	}, 0, false)
	f("another page", func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write([]byte(`<html>sign in</html>`))
		return true
	}, 0, false)
}

// One deployment that cannot be read keeps no other back.
func TestRecentLeavesOutWhatItCannotRead(t *testing.T) {
	odd := deploymentObject(4022, noon, "ada")
	odd["sha"] = 7
	a := &api{deployments: []object{{"id": "x"}, odd, deploymentObject(4021, noon, "ada")}}
	got, err := a.source(t, Config{Repositories: []string{"acme/cart"}}).Recent(t.Context(), noon)
	if err != nil || !reflect.DeepEqual(ids(got), []string{"deployment:4021 started"}) {
		t.Errorf("%q, %v", ids(got), err)
	}
}

func TestRecentNeedsSettings(t *testing.T) {
	for _, s := range []*Source{source(t, changes.Scope{}), (&api{}).source(t, Config{})} {
		if _, err := s.Recent(t.Context(), noon); !errors.Is(err, changes.ErrNoAPI) {
			t.Errorf("%v", err)
		}
	}
}

// nodes answers GraphQL with deployments of these states, newest first.
func nodes(states ...object) func(object) any {
	return func(object) any {
		return object{"data": object{"repository": object{"deployments": object{"nodes": states}}}}
	}
}

func TestPrevious(t *testing.T) {
	f := func(name, want string, states ...object) {
		t.Helper()
		a := &api{graphql: nodes(states...)}
		s := a.source(t, Config{})
		events, err := s.Parse(of("deployment_status"), []byte(fixture(t, "deployment_status.json")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Complete(t.Context(), events)
		if err != nil || got[0].Previous != want || len(a.asked) != 1 || events[0].Previous != "" {
			t.Errorf("%s: %+v, %v, asked %q", name, got, err, a.asked)
		}
	}
	d := func(id int, sha, state string) object {
		return object{"databaseId": id, "commitOid": sha, "state": state}
	}
	f("the one before", "aaa", d(4021, "ccc", "ACTIVE"), d(4020, "bbb", "FAILURE"), d(4019, "aaa", "INACTIVE"))
	f("a later one", "aaa", d(4030, "ddd", "ACTIVE"), d(4021, "ccc", "INACTIVE"), d(4019, "aaa", "INACTIVE"))
	f("one that still runs", "aaa", d(4020, "bbb", "IN_PROGRESS"), d(4019, "aaa", "SUCCESS"))
	f("none", "", d(4021, "ccc", "ACTIVE"), d(4020, "bbb", "ERROR"))
	f("the first one", "")
}

func TestPreviousAsksForTheEnvironmentOfGitHub(t *testing.T) {
	var asked object
	a := &api{graphql: func(v object) any { asked = v; return nodes()(v) }}
	s := a.source(t, Config{Scope: changes.Scope{Environments: map[string]string{"production": "live"}, Rollout: time.Minute}})
	events, err := s.Parse(of("deployment_status"), []byte(fixture(t, "deployment_status.json")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Complete(t.Context(), events); err != nil || !reflect.DeepEqual(asked, object{"owner": "acme", "name": "cart", "environments": []any{"production"}}) {
		t.Errorf("asked for %v, %v", asked, err)
	}
}

// What cannot be completed, and what cannot be asked, leaves the events as they are.
func TestCompleteLeavesEventsAsTheyAre(t *testing.T) {
	event := sources.Event{ChangeID: "github:acme/cart/4021", Environment: "production"}
	f := func(name string, s *Source, e sources.Event, fails bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		got, err := s.Complete(ctx, []sources.Event{e})
		if (err != nil) != fails || len(got) != 1 || !reflect.DeepEqual(got[0], e) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	never := (&api{graphql: func(object) any { t.Error("asked"); return nil }}).source(t, Config{})
	f("no token", source(t, changes.Scope{}), event, false)
	f("a run", never, sources.Event{ChangeID: "github:acme/cart/runs/7/1"}, false)
	f("a known version", never, sources.Event{ChangeID: event.ChangeID, Previous: "v1"}, false)
	broken := &api{graphql: func(object) any { return "x" }}
	f("a broken answer", broken.source(t, Config{}), event, true)
	hangs := &api{fail: func(_ http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body) // before that, the server does not see that the client has gone
		<-r.Context().Done()
		return true
	}}
	f("a server that hangs", hangs.source(t, Config{}), event, true)
}

func TestGraphQLOfEnterprise(t *testing.T) {
	for url, want := range map[string]string{"https://ghe.example.org/api/v3/": "https://ghe.example.org/api/graphql", DefaultAPI: DefaultAPI + "/graphql"} {
		s := (&api{}).source(t, Config{})
		c := s.config
		c.APIURL = url
		var err error
		if s.api, err = c.api(); err != nil || s.graphQL() != want {
			t.Errorf("%s: %s, %v", url, s.graphQL(), err)
		}
	}
}
