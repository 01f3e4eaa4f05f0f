package server

import (
	"net/http"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rules"
)

// routes registers every address, with who may use it.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /schema/rules.json", schema)
	mux.HandleFunc("GET /metrics", s.requireRead(s.serveMetrics))

	mux.HandleFunc("POST /v1/events", s.requireChange(s.receiveEvent))
	mux.HandleFunc("POST /hooks/{source}", s.receiveWebhook)
	mux.HandleFunc("GET "+streamPath, s.requireRead(s.stream))
	s.registerAPI(mux)

	mux.HandleFunc("GET /{$}", s.pageHandler(s.listPage))
	mux.HandleFunc("GET /changes/{key}", s.pageHandler(s.changePage))
	if s.Rules != nil {
		mux.HandleFunc("GET /rules", s.pageHandler(s.rulesPage))
		mux.HandleFunc("GET /rules/{rule}", s.pageHandler(s.rulePage))
	}
	mux.HandleFunc("GET /changes/{key}/approve", s.approvePage)
	mux.HandleFunc("POST /changes/{key}/approve", s.decisionHandler(s.approveDecision))
	mux.HandleFunc("POST /changes/{key}/reject", s.decisionHandler(s.rejectDecision))
	mux.HandleFunc("GET /signin", s.signInPage)
	mux.HandleFunc("POST /signin", s.signIn)
	mux.HandleFunc("POST /signout", s.signOut)
	mux.HandleFunc("GET /assets/{name...}", asset)
	return withNotFound(mux)
}

// schema serves the JSON Schema of a rule file. It needs no token, because
// editors have none and it is no secret.
func schema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/schema+json")
	_, _ = w.Write(rules.Schema)
}

func nothingHere(status int) *api.Problem {
	return problem(status, "there is nothing at this address for this method", "see /docs for the addresses")
}

// withNotFound answers requests for unknown addresses with a problem, as for any
// other error. It keeps the mux's choice between 404 and 405.
func withNotFound(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		n := &headerRecorder{header: w.Header()}
		h.ServeHTTP(n, r)
		writeProblem(w, nothingHere(n.status))
	})
}

// headerRecorder records the status and headers of an answer, and drops its body.
type headerRecorder struct {
	header http.Header
	status int
}

func (v *headerRecorder) Header() http.Header         { return v.header }
func (v *headerRecorder) WriteHeader(status int)      { v.status = status }
func (v *headerRecorder) Write(b []byte) (int, error) { return len(b), nil }
