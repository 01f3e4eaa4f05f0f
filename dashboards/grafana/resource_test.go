package grafana

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// resources enforces what the API server of Grafana does: names of a DNS subdomain in a namespace, the kind of each
// body, no field that it does not know, and a create that fails where there is one of the name.
type resources struct {
	t      *testing.T
	mu     sync.Mutex // a request whose caller gave up may still be served beside the next
	stored map[string]document
	calls  []string
	after  func(r *http.Request)
}

var (
	below     = regexp.MustCompile(`^/sub/apis/annotation\.grafana\.app/v0alpha1/namespaces/org-3/annotations(?:/([^/]+))?$`)
	subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)
)

func (f *resources) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, r.Method)
	m := below.FindStringSubmatch(r.URL.Path)
	if m == nil || r.Header.Get("Authorization") != "Bearer "+token {
		f.t.Errorf("%s %s, authorised %t", r.Method, r.URL.Path, r.Header.Get("Authorization") != "")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	status := f.answer(r, m[1])
	if f.after != nil {
		f.after(r)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"kind":"Status"}`))
}

func (f *resources) answer(r *http.Request, name string) int {
	switch r.Method {
	case http.MethodGet:
		return http.StatusOK
	case http.MethodPost:
		return f.create(r, name)
	case http.MethodPatch:
		return f.patch(r, name)
	}
	return http.StatusMethodNotAllowed
}

func (f *resources) create(r *http.Request, below string) int {
	var made struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"metadata"`
		Spec document `json:"spec"`
	}
	bad := !strict(r, &made) || r.Header.Get("Content-Type") != "application/json" || below != "" ||
		made.APIVersion != "annotation.grafana.app/v0alpha1" || made.Kind != "Annotation" || made.Metadata.Namespace != "org-3" ||
		!subdomain.MatchString(made.Metadata.Name) || made.Spec.Text == "" || made.Spec.Time == 0
	if bad {
		return http.StatusUnprocessableEntity
	}
	if _, is := f.stored[made.Metadata.Name]; is {
		return http.StatusConflict
	}
	f.stored[made.Metadata.Name] = made.Spec
	return http.StatusCreated
}

func (f *resources) patch(r *http.Request, name string) int {
	var change struct {
		Spec document `json:"spec"`
	}
	if r.Header.Get("Content-Type") != "application/merge-patch+json" {
		return http.StatusUnsupportedMediaType
	}
	if _, is := f.stored[name]; !is {
		return http.StatusNotFound
	}
	change.Spec = f.stored[name]
	if !strict(r, &change) {
		return http.StatusUnprocessableEntity
	}
	f.stored[name] = change.Spec
	return http.StatusOK
}

func strict(r *http.Request, v any) bool {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	return d.Decode(v) == nil
}

func startResources(t *testing.T) (*resources, *Client) {
	t.Helper()
	f := &resources{t: t, stored: map[string]document{}}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{URL: s.URL + "/sub/", TokenFile: file, OrgID: 3, API: "apis"})
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

// The life of an annotation: a point, a region, deleted by somebody, drawn again.
func TestLifeOfAResource(t *testing.T) {
	f, c := startResources(t)
	a := annotation()
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	put(t, c, a)
	a.To, a.Tags = a.From.Add(time.Minute), []string{"deploy", "cart", "regressed"}
	put(t, c, a)
	want := map[string]document{resourceName(a.Tag): a.document()}
	if diff := cmp.Diff(want, f.stored); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	clear(f.stored)
	put(t, c, a)
	if len(f.stored) != 1 {
		t.Errorf("%v after it was deleted", f.stored)
	}
	if got := strings.Join(f.calls, " "); got != "GET PATCH POST PATCH PATCH POST" {
		t.Errorf("calls %s", got)
	}
}

// A create whose answer was lost is found by its name.
func TestLostAnswerOfACreate(t *testing.T) {
	f, c := startResources(t)
	lost := false
	f.after = func(r *http.Request) {
		if r.Method == http.MethodPost && !lost {
			lost = true
			panic(http.ErrAbortHandler)
		}
	}
	if _, err := c.Put(t.Context(), annotation()); err == nil || errors.Is(err, ErrPermanent) {
		t.Fatalf("got %v", err)
	}
	put(t, c, annotation())
	if len(f.stored) != 1 || resourceName("a") == resourceName("b") {
		t.Errorf("%v", f.stored)
	}
}

// Of two replicas that create at once, the one that loses updates.
func TestCreateThatWasOvertaken(t *testing.T) {
	f, c := startResources(t)
	a := annotation()
	f.after = func(r *http.Request) {
		if r.Method == http.MethodPatch {
			f.after = nil
			f.stored[resourceName(a.Tag)] = document{Text: "of another", Time: 1}
		}
	}
	put(t, c, a)
	if diff := cmp.Diff(a.document(), f.stored[resourceName(a.Tag)]); diff != "" {
		t.Error(diff)
	}
}

func TestAPISettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(c Config, wrong string) {
		t.Helper()
		c.URL, c.TokenFile = "http://127.0.0.1:1", file
		_, err := New(c)
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	f(Config{}, "")
	f(Config{API: "annotations"}, "")
	f(Config{API: "apis", Namespace: "stacks-12"}, "")
	f(Config{API: "new"}, "neither annotations nor apis")
	f(Config{Namespace: "default"}, "namespace needs api: apis")
	f(Config{API: "apis", Namespace: "../x"}, "none of default")
	f(Config{API: "apis", OrgID: -3}, "")
}

// What an unknown API answers is told, and tried again: the setting is for the operator to mend.
func TestNoSuchAPI(t *testing.T) {
	_, c := start(t) // serves the older one alone
	c.config.API = resourcesAPI
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := c.Put(ctx, annotation()); err == nil || errors.Is(err, ErrPermanent) {
		t.Errorf("got %v", err)
	}
}
