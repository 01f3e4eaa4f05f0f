package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/internal/server/api"
)

// healthz says that the process answers: what a supervisor restarts by. It
// asks nothing of anybody, because a restart mends no database.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// readyz says whether everything needed for judging changes is there: the
// database, the jobs, the metric stores. A mistake in the rules is listed, but
// the last good ones go on; so is a hook that could not act, which keeps nobody
// from judging. Intake does not wait for it — an event is taken
// whenever the database takes it — so nothing that routes deliveries should go
// by this.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	problems := s.Ready()
	ready := api.Readiness{Ready: isReady(problems), Problems: []api.Trouble{}}
	for _, p := range problems {
		if !s.mayRead(r) {
			p.Detail = "" // may name hosts: for readers only
		}
		ready.Problems = append(ready.Problems, p)
	}
	status := http.StatusOK
	if !ready.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, ready)
}

func isReady(problems []api.Trouble) bool {
	return !slices.ContainsFunc(problems, func(p api.Trouble) bool {
		return p.Component != "rules" && !strings.HasPrefix(p.Component, "hooks/")
	})
}

// exposition writes our own metrics and the process's.
func (s *Server) exposition(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.Metrics.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}
