package server

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/pushback/pushback/internal/webconfig"
)

// securityHeaders are set on every answer. They allow no inline script or style,
// nothing from another host, and no embedding in a frame. No answer is stored by a browser
// or a proxy, so that nothing is left of it after a sign-out; asset alone says otherwise.
var securityHeaders = map[string]string{
	"Content-Security-Policy":      "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
	"Cache-Control":                "no-store",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY", // for browsers that do not know frame-ancestors
	"Referrer-Policy":              "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cross-Origin-Opener-Policy":   "same-origin",
}

// withMiddleware wraps next in what applies to every request: the log, who sent it, the web config file, the checks
// of its text and of the host name, the check against requests from other sites' pages, and the compression. Errors are
// pages for browsers: what the checks refuse in a bare frame, because a refused request may come from anybody's page.
func (s *Server) withMiddleware(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	if s.external != nil {
		// Without this, a proxy that rewrites Host would make the browser's Origin
		// look like another site's.
		_ = origin.AddTrustedOrigin(s.external.Scheme + "://" + s.external.Host)
	}
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, problem(http.StatusForbidden, "the request comes from another site's page", "open Pushback itself, or leave out the Origin header"))
	}))
	known := s.withUser(refuseBadText(s.checkHost(origin.Handler(s.compress(s.withErrorPages(s.frame, next))))))
	return s.logRequests(s.withSender(s.withErrorPages(bareFrame, s.bounded(s.web.Wrap(known)))))
}

// newGuard returns what the web config file asks for. Its limit of requests is for those that
// come without a token: others' requests keep no right token out.
func (s *Server) newGuard() (*webconfig.Guard, error) {
	answer := func(status int, detail, hint string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { writeProblem(w, problem(status, detail, hint)) }
	}
	return webconfig.NewGuard(webconfig.File(s.WebConfig), webconfig.Answers{
		Unauthorized: answer(http.StatusUnauthorized, "a name and a password are needed", "send one of basic_auth_users of the web config file, and a token in X-Pushback-Token"),
		TooMany:      answer(http.StatusTooManyRequests, "there are too many requests", "send it again in a few seconds"),
		Broken:       answer(http.StatusInternalServerError, "the web config file cannot be read", "the log says why"),
	}, s.isKnown, s.Log)
}

// withUser notes the name of the web config file whose password a request has.
func (s *Server) withUser(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.senderOf(r).user = webconfig.User(r.Context())
		next.ServeHTTP(w, r)
	})
}

// checkHost refuses, on loopback, requests for an unknown host name. Without it
// a page on the internet could read everything here, by pointing its own host name
// to 127.0.0.1 after the browser has loaded it (DNS rebinding).
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := hostname(r.Host)
		known := !s.loopback || isLoopbackName(name) || s.external != nil && name == s.external.Hostname()
		if !known {
			writeProblem(w, problem(http.StatusMisdirectedRequest, "this address is not served under that host name", "set external_url to the address people use"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// logRequests counts requests, and logs them at level debug. It leaves out query
// string and headers, because they may contain secrets.
func (s *Server) logRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range securityHeaders {
			w.Header().Set(name, value)
		}
		began := s.Now()
		a := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(a, r)
		s.Metrics.GetOrCreateCounter(`pushback_http_requests_total{code="` + strconv.Itoa(a.status) + `"}`).Inc()
		s.Log.LogAttrs(r.Context(), slog.LevelDebug, "request",
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", a.status),
			slog.Duration("took", s.Now().Sub(began).Round(time.Microsecond)), slog.String("from", r.RemoteAddr))
	})
}

// statusRecorder remembers the status of an answer. Unwrap lets
// http.ResponseController reach the connection, which the stream needs to flush.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (a *statusRecorder) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *statusRecorder) Unwrap() http.ResponseWriter { return a.ResponseWriter }
