package server

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
)

// routes registers every address, with who may use it.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /schema/rules.json", schema)
	mux.HandleFunc("GET /metrics", s.requireRead(s.serveMetrics))

	mux.HandleFunc("POST /v1/events", s.require(identity.Report, s.receiveEvent))
	mux.HandleFunc("POST /hooks/{source}", s.receiveWebhook)
	mux.HandleFunc("OPTIONS /hooks/{source}", s.handshake)
	mux.HandleFunc("POST /receivers/{receiver}", s.receiveCommand)
	mux.HandleFunc("GET "+streamPath, s.requireRead(s.stream))
	s.registerAPI(mux)

	mux.HandleFunc("GET /{$}", s.pageHandler(s.nowPage))
	mux.HandleFunc("GET /changes", s.pageHandler(s.changesPage))
	mux.HandleFunc("GET /services/{service}", s.pageHandler(s.servicePage))
	mux.HandleFunc("POST /services/{service}/hold", s.serviceFormHandler(Responder, s.holdForm))
	mux.HandleFunc("POST /services/{service}/release", s.serviceFormHandler(Responder, s.releaseForm))
	mux.HandleFunc("GET /changes/{key}", s.pageHandler(s.changePage))
	mux.HandleFunc("GET /sources", s.pageHandler(s.sourcesPage))
	if s.Rules != nil {
		mux.HandleFunc("GET /rules", s.pageHandler(s.rulesPage))
		mux.HandleFunc("GET /rules/{rule}", s.pageHandler(s.rulePage))
	}
	s.registerPlaces(mux)
	mux.HandleFunc("GET /changes/{key}/approve", s.approvePage)
	mux.HandleFunc("POST /changes/{key}/approve", s.decisionHandler(s.approveDecision))
	mux.HandleFunc("POST /changes/{key}/reject", s.decisionHandler(s.rejectDecision))
	if s.Rules != nil {
		mux.HandleFunc("POST /changes/{key}/false-alarm", s.rightHandler(s.sayFalseAlarm))
		mux.HandleFunc("POST /changes/{key}/missed", s.rightHandler(s.sayMissed))
	}
	mux.HandleFunc("GET /v1/changes/{name}/journal.jsonl", s.requireRead(s.journalLines))
	mux.HandleFunc("GET /v1/changes/{name}/summary.md", s.requireRead(s.summary))
	mux.HandleFunc("GET /signin", s.signInPage)
	mux.HandleFunc("POST /signin", s.signIn)
	mux.HandleFunc("POST /signout", s.signOut)
	if s.SignIn != nil {
		mux.HandleFunc("GET /signin/provider", s.beginSignIn)
		mux.HandleFunc("GET /signin/callback", s.finishSignIn)
	}
	mux.HandleFunc("GET /assets/{name...}", asset)
	mux.HandleFunc("GET /pictures/{key}/{until}/{signature}/{file}", s.sharedPicture)
	return withNotFound(mux)
}

// schema serves the JSON Schema of a rule file. It needs no token, because
// editors have none and it is no secret.
func schema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/schema+json")
	_, _ = w.Write(rules.Schema)
}

// addresses are those that people and tools type, by their last word.
var addresses = map[string]string{
	"events": "POST /v1/events", "changes": "GET /v1/changes", "status": "GET /v1/status", "orders": "GET /v1/orders", "gate": "GET /v1/gate/SERVICE", "verdicts": "GET /v1/verdicts/SERVICE/VERSION",
	"healthz": "GET /healthz", "readyz": "GET /readyz", "metrics": "GET /metrics", "docs": "GET /docs", "rules": "GET /rules",
	"holds": "GET /holds", "incidents": "GET /incidents", "audit": "GET /audit", "connections": "GET /connections", "hooks": "POST /hooks/NAME, with the name of a source", "webhooks": "POST /hooks/NAME, with the name of a source", "sources": "POST /hooks/NAME, with the name of a source",
	"receivers": "POST /receivers/NAME, with the name of a receiver that hears what people press",
}

// nothingHere answers a request for an unknown address, or one with another method than the
// address takes.
func nothingHere(status int, r *http.Request, takes string) *api.Problem {
	hint := "see /docs for the addresses"
	if status == http.StatusMethodNotAllowed && takes != "" {
		return problem(status, "there is nothing at this address for this method", "this address takes "+takes+"; "+hint)
	}
	words := strings.FieldsFunc(r.URL.Path, func(r rune) bool { return r == '/' })
	for _, word := range slices.Backward(words) {
		if near := strictyaml.Nearest(word, slices.Sorted(maps.Keys(addresses))); near != "" {
			return problem(status, "there is nothing at this address for this method", "did you mean "+addresses[near]+"?")
		}
	}
	return problem(status, "there is nothing at this address for this method", hint)
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
		writeProblem(w, nothingHere(n.status, r, n.header.Get("Allow")))
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
