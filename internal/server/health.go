package server

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/telemetry"
)

// healthz answers 200 while the process serves requests, for a supervisor that
// restarts it otherwise, and 503 until it has begun to work and knows which rules are
// in force: a change that came before would not be watched. It checks nothing else,
// because a restart repairs no database.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if s.Started != nil && !s.Started() {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("starting\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// readyz says whether everything needed to judge changes works: the database,
// the jobs, the metric stores. It also lists mistakes in the rules, an edited
// pushback.yml, secrets that others may read, a provider of identities that cannot be asked, single targets that cannot be scraped, sources' APIs that cannot be asked and hooks that cannot act, but these do not make it not ready, because
// judging goes on. A load
// balancer must not stop sending events on account of readyz: events are accepted
// whenever the database works.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	problems := s.Ready()
	ready := api.Readiness{Ready: isReady(problems), Problems: []api.ComponentProblem{}}
	stranger := len(problems) > 0 && !s.mayRead(r)
	for _, p := range problems {
		if stranger {
			p.Detail = "" // it may name hosts
			p.Component, _, _ = strings.Cut(p.Component, "/")
		}
		ready.Problems = append(ready.Problems, p)
	}
	ready.Problems = slices.Compact(ready.Problems) // strangers do not learn how many hooks there are
	status := http.StatusOK
	if !ready.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, ready)
}

// isReady says whether the problems leave judging possible.
func isReady(problems []api.ComponentProblem) bool {
	return !slices.ContainsFunc(problems, func(p api.ComponentProblem) bool {
		return p.Component != "rules" && p.Component != "oidc" && p.Component != "config" && p.Component != "secrets" && !strings.HasPrefix(p.Component, "hooks/") &&
			!strings.HasSuffix(p.Component, "/targets") && !strings.HasSuffix(p.Component, "/api")
	})
}

// serveMetrics writes Pushback's own metrics and the process's, with HELP and TYPE.
func (s *Server) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	var page bytes.Buffer
	s.Metrics.WritePrometheus(&page)
	metrics.WriteProcessMetrics(&page)
	_ = telemetry.Write(w, page.Bytes()) // the client has gone
}
