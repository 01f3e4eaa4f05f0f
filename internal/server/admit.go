package server

import (
	"net"
	"net/http"
	"strings"
)

// mayChange says whether a request comes with a token, or from a browser that
// was signed in with one. The header X-Pushback-Token is for installations whose
// basic authentication uses the Authorization header.
//
// While the token file cannot be read, no request may change anything.
func (s *Server) mayChange(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		given = r.Header.Get("X-Pushback-Token")
	}
	if given != "" {
		return s.granted(s.tokens.holds(strings.TrimSpace(given)))
	}
	return s.signedIn(r)
}

// granted passes the answer of the token file on, and logs why it has none.
func (s *Server) granted(holds bool, err error) bool {
	if err != nil {
		s.logTokens(err)
	}
	return holds && err == nil
}

func (s *Server) logTokens(err error) {
	s.Log.Error("cannot read the token file; refusing every token", "error", err)
}

// mayRead says whether a request may read. Whoever may change may read, and so
// may whoever runs Pushback on this host. A tool that can send only a name and a password
// within an address, such as Flagger's webhooks, reads with a token as the password.
func (s *Server) mayRead(r *http.Request) bool {
	if s.fromThisHost(r) || s.mayChange(r) {
		return true
	}
	_, password, ok := r.BasicAuth()
	return ok && s.granted(s.tokens.holds(password))
}

// hostname returns a Host header in lower case, without its port and brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// requireRead answers 401 to a request that may not read.
func (s *Server) requireRead(next http.HandlerFunc) http.HandlerFunc {
	return s.require(s.mayRead, next)
}

// requireChange answers 401 to a request that may not change anything.
func (s *Server) requireChange(next http.HandlerFunc) http.HandlerFunc {
	return s.require(s.mayChange, next)
}

func (s *Server) require(may func(*http.Request) bool, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !may(r) {
			s.unauthorized(w)
			return
		}
		next(w, r)
	}
}

func (s *Server) unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="pushback"`)
	writeProblem(w, s.tokenProblem())
}
