package server

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// securityHeaders go with every answer. No inline script or style anywhere,
// nothing from any other host, in nobody's frame.
var securityHeaders = map[string]string{
	"Content-Security-Policy":      "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
}

// guard is what every request passes, whatever it asks for.
func (s *Server) guard(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	if s.external != nil {
		// A proxy may rewrite Host, and then the browser's Origin no longer
		// equals it.
		_ = origin.AddTrustedOrigin(s.external.Scheme + "://" + s.external.Host)
	}
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, problem(http.StatusForbidden, "the request comes from another site's page", "open Pushback itself, or leave out the Origin header"))
	}))
	return s.logged(s.named(origin.Handler(next)))
}

// named answers on loopback to names of our own only. Without it a page on
// the internet could read everything here, by giving its own host name the
// address 127.0.0.1 after it was loaded.
func (s *Server) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := hostname(r.Host)
		ours := !s.loopback || isLoopbackName(name) || s.external != nil && name == s.external.Hostname()
		if !ours {
			writeProblem(w, problem(http.StatusMisdirectedRequest, "this address is not served under that host name", "set external_url to the address people use"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// logged counts and logs what was asked and answered: at debug, without the
// query string, and without any header, for either may hold what nobody wants
// in a log.
func (s *Server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range securityHeaders {
			w.Header().Set(name, value)
		}
		began := s.Now()
		a := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(a, r)
		s.Metrics.GetOrCreateCounter(`pushback_http_requests_total{code="` + strconv.Itoa(a.status) + `"}`).Inc()
		s.Log.LogAttrs(r.Context(), slog.LevelDebug, "request",
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", a.status),
			slog.Duration("took", s.Now().Sub(began).Round(time.Microsecond)), slog.String("from", r.RemoteAddr))
	})
}

// answer remembers the status. Unwrap lets http.ResponseController reach the
// connection, which the stream needs to flush.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
