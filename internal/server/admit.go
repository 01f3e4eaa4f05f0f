package server

import (
	"net"
	"net/http"
	"strings"
)

// mayChange says whether a request comes with a token, or from a browser that
// was signed in with one. X-Pushback-Token is for where the port's own basic
// authentication has taken the Authorization header.
//
// A token file that cannot be read admits nobody: the reason is for the log.
func (s *Server) mayChange(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		given = r.Header.Get("X-Pushback-Token")
	}
	if given != "" {
		return s.known(s.tokens.holds(strings.TrimSpace(given)))
	}
	return s.signedIn(r)
}

func (s *Server) signedIn(r *http.Request) bool {
	c, err := r.Cookie(sessionCookie)
	return err == nil && s.known(s.tokens.session(c.Value, s.Now()))
}

func (s *Server) known(holds bool, err error) bool {
	if err != nil {
		s.Log.Error("nobody can be admitted", "error", err)
	}
	return holds && err == nil
}

// mayRead lets anybody read who came straight from this host: we listen on
// loopback, were asked by a loopback name, and no proxy has forwarded it. What
// a proxy forwards comes from somewhere else, whatever address it bears.
//
// A tool that can put nothing but a name and a password into an address, as
// Flagger's webhooks can, reads with a token for the password.
func (s *Server) mayRead(r *http.Request) bool {
	if s.local(r) || s.mayChange(r) {
		return true
	}
	_, password, ok := r.BasicAuth()
	return ok && s.known(s.tokens.holds(password))
}

func (s *Server) local(r *http.Request) bool {
	forwarded := r.Header.Get("Forwarded") != "" || r.Header.Get("X-Forwarded-For") != ""
	return s.loopback && !forwarded && isLoopbackName(hostname(r.Host))
}

// hostname is a Host header without its port and brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// reader, changer and their like wrap a handler with who may use it.
func (s *Server) reader(next http.HandlerFunc) http.HandlerFunc { return s.only(s.mayRead, next) }

func (s *Server) changer(next http.HandlerFunc) http.HandlerFunc { return s.only(s.mayChange, next) }

func (s *Server) only(may func(*http.Request) bool, next http.HandlerFunc) http.HandlerFunc {
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
	writeProblem(w, s.notAdmitted())
}
