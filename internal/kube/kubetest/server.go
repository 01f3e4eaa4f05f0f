// Package kubetest is a Kubernetes API server for tests that watch: it lists, in pages, and
// watches, with bookmarks, resource versions that expire, and connections that break. It has the
// paths and the answers of the real one (https://kubernetes.io/docs/reference/using-api/api-concepts/).
// There are no controllers: the test says what they do.
package kubetest

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

// Token is the token in the kubeconfig.
const Token = "a-service-account-token"

// Map is a JSON object.
type Map = map[string]any

// Server is a cluster. Its methods may be called while it serves.
type Server struct {
	Streams bool // it sends the initial list as a stream of events, as servers do since 1.32

	mu        sync.Mutex
	version   int
	compacted int // the resource version up to which nothing is remembered
	objects   map[string]Map
	events    []event
	refused   map[string]int // "list deployments" → the status that is answered
	requests  []string
	changed   chan struct{}
	cut       chan struct{}
	http      *httptest.Server
}

// event is one change of one object, as a watch tells it.
type event struct {
	version  int
	kind     string // ADDED, MODIFIED, DELETED, BOOKMARK
	resource string
	object   Map
}

// New starts a server, which ends with the test.
func New(t testing.TB) *Server {
	s := &Server{
		version: 1000, objects: map[string]Map{}, refused: map[string]int{}, changed: make(chan struct{}), cut: make(chan struct{}),
	}
	s.http = httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() { s.Cut(); s.http.Close() })
	return s
}

// Kubeconfig writes a kubeconfig for the server and returns its path.
func (s *Server) Kubeconfig(t testing.TB) string {
	t.Helper()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw})
	text, err := json.Marshal(Map{
		"apiVersion": "v1", "kind": "Config", "current-context": "prod",
		"clusters": []Map{{"name": "prod", "cluster": Map{"server": s.http.URL, "certificate-authority-data": ca}}},
		"users":    []Map{{"name": "pushback", "user": Map{"token": Token}}},
		"contexts": []Map{{"name": "prod", "context": Map{"cluster": "prod", "user": "pushback"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Put stores an object of a resource, and tells those who watch. The caller may change the
// object afterwards.
func (s *Server) Put(resource string, object Map) {
	s.mu.Lock()
	defer s.mu.Unlock()
	object = clone(object)
	metadata := object["metadata"].(Map)
	name := resource + "/" + fmt.Sprint(metadata["namespace"]) + "/" + fmt.Sprint(metadata["name"])
	kind := "MODIFIED"
	if s.objects[name] == nil {
		kind = "ADDED"
	}
	s.store(kind, resource, name, object)
}

// Delete removes an object.
func (s *Server) Delete(resource, namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := resource + "/" + namespace + "/" + name
	s.store("DELETED", resource, path, s.objects[path])
	delete(s.objects, path)
}

func (s *Server) store(kind, resource, name string, object Map) {
	s.version++
	object = clone(object)
	object["metadata"].(Map)["resourceVersion"] = strconv.Itoa(s.version)
	s.objects[name] = object
	s.tell(event{s.version, kind, resource, object})
}

// clone copies an object as JSON does.
func clone(object Map) (copied Map) {
	text, err := json.Marshal(object)
	if err == nil {
		err = json.Unmarshal(text, &copied)
	}
	if err != nil {
		panic(err) // the test's object is no JSON
	}
	return copied
}

func (s *Server) tell(e event) {
	s.events = append(s.events, e)
	close(s.changed)
	s.changed = make(chan struct{})
}

// Bookmark tells those who watch a resource which version they have seen.
func (s *Server) Bookmark(resource string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.tell(event{s.version, "BOOKMARK", resource, Map{"metadata": Map{"resourceVersion": strconv.Itoa(s.version)}}})
}

// Cut breaks the connections of all watches.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.cut)
	s.cut = make(chan struct{})
}

// Forget makes the server answer 410 Gone to whoever watches from a version before now.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.compacted = s.version
}

// Refuse answers a status to requests such as "list deployments"; 0 answers them again.
func (s *Server) Refuse(what string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[what] = status
}

// Requests are those that were served, such as "watch deployments".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Count is how many requests of a kind were served.
func (s *Server) Count(what string) (n int) {
	for _, r := range s.Requests() {
		if r == what {
			n++
		}
	}
	return n
}

// serve answers GET /apis/GROUP/VERSION[/namespaces/NAMESPACE]/RESOURCE.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	resource, namespace := parts[len(parts)-1], ""
	if len(parts) == 6 {
		namespace = parts[4]
	}
	q, verb := r.URL.Query(), "list"
	if q.Get("watch") != "" {
		verb = "watch"
	}
	selector, err := labels.Parse(q.Get("labelSelector"))
	s.mu.Lock()
	s.requests = append(s.requests, verb+" "+resource)
	code := s.refused[verb+" "+resource]
	s.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "Bearer "+Token:
		refuse(w, http.StatusUnauthorized)
	case r.Method != http.MethodGet || err != nil:
		refuse(w, http.StatusBadRequest)
	case code != 0:
		refuse(w, code)
	case verb == "watch":
		s.watch(w, r, scope{resource, namespace, selector})
	default:
		s.list(w, r, scope{resource, namespace, selector})
	}
}

// scope is which objects a request is about.
type scope struct {
	resource, namespace string
	selector            labels.Selector
}

func (c scope) holds(resource string, object Map) bool {
	metadata := object["metadata"].(Map)
	set := labels.Set{}
	if all, ok := metadata["labels"].(Map); ok {
		for name, value := range all {
			set[name] = fmt.Sprint(value)
		}
	}
	return resource == c.resource && (c.namespace == "" || metadata["namespace"] == c.namespace) && c.selector.Matches(set)
}

// reasons are the words of the API for its statuses.
var reasons = map[int]string{
	http.StatusForbidden: "Forbidden", http.StatusUnauthorized: "Unauthorized", http.StatusNotFound: "NotFound", http.StatusGone: "Expired",
	http.StatusUnprocessableEntity: "Invalid", http.StatusInternalServerError: "InternalError",
}

func refusal(code int) Map {
	return Map{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reasons[code], "message": "the server's own words",
	}
}

func refuse(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(refusal(code))
}
