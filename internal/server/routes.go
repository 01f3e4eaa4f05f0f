package server

import (
	"net/http"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/rules"
)

// routes lays out every address there is, each with who may use it.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /schema/rules.json", schema)
	mux.HandleFunc("GET /metrics", s.reader(s.exposition))

	mux.HandleFunc("POST /v1/events", s.changer(s.event))
	mux.HandleFunc("POST /hooks/{source}", s.hook)
	mux.HandleFunc("GET /v1/stream", s.reader(s.stream))
	s.describe(mux)

	mux.HandleFunc("GET /{$}", s.page(s.listPage))
	mux.HandleFunc("GET /changes/{key}", s.page(s.changePage))
	if s.Rules != nil {
		mux.HandleFunc("GET /rules", s.page(s.rulesPage))
		mux.HandleFunc("GET /rules/{rule}", s.page(s.rulePage))
	}
	mux.HandleFunc("GET /changes/{key}/approve", s.approvePage)
	mux.HandleFunc("POST /changes/{key}/approve", s.deciding(s.approveSaid))
	mux.HandleFunc("POST /changes/{key}/reject", s.deciding(s.rejectSaid))
	mux.HandleFunc("GET /signin", s.signInPage)
	mux.HandleFunc("POST /signin", s.signIn)
	mux.HandleFunc("POST /signout", s.signOut)
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", web.Assets()))
	return nowhere(mux)
}

// schema gives editors the JSON Schema of a rule file. It is a part of the
// program and no secret: an editor has no token.
func schema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/schema+json")
	_, _ = w.Write(rules.Schema)
}

// nowhere answers for what the mux does not know in the shape of every other
// error, keeping its choice between 404 and 405.
func nowhere(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		n := &verdictOnly{header: w.Header()}
		h.ServeHTTP(n, r)
		writeProblem(w, problem(n.status, "there is nothing at this address for this method", "the addresses are at /docs"))
	})
}

// verdictOnly takes status and headers of an answer, and drops its body.
type verdictOnly struct {
	header http.Header
	status int
}

func (v *verdictOnly) Header() http.Header         { return v.header }
func (v *verdictOnly) WriteHeader(status int)      { v.status = status }
func (v *verdictOnly) Write(b []byte) (int, error) { return len(b), nil }
