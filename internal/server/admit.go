package server

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
)

// sender is who sent a request, as far as it matters. A page asks several times.
type sender struct{ mayChange, mayRead, signedIn func() bool }

// senderKey is the context key of the sender of a request.
type senderKey struct{}

// withSender finds out once a request who sent it: each time costs a read of the token file,
// and of a row where there is a session.
func (s *Server) withSender(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), senderKey{}, s.newSender(r, sync.OnceValue))))
	})
}

// askedAnew returns a request whose sender is found out each time. It is for one that
// lasts: its sender may sign out, or the token may be removed.
func askedAnew(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), senderKey{}, nil))
}

func (s *Server) senderOf(r *http.Request) *sender {
	if who, ok := r.Context().Value(senderKey{}).(*sender); ok {
		return who
	}
	return s.newSender(r, func(each func() bool) func() bool { return each })
}

func (s *Server) newSender(r *http.Request, keep func(func() bool) func() bool) *sender {
	who := new(sender)
	who.signedIn = keep(func() bool { return s.hasSession(r) })
	who.mayChange = keep(func() bool {
		if given := givenToken(r); given != "" {
			return s.granted(s.tokens.holds(given))
		}
		return who.signedIn()
	})
	who.mayRead = keep(func() bool {
		if s.fromThisHost(r) || who.mayChange() {
			return true
		}
		_, password, ok := r.BasicAuth()
		return ok && s.granted(s.tokens.holds(password))
	})
	return who
}

// mayChange says whether a request comes with a token, or from a browser that
// was signed in with one.
//
// While the token file cannot be read, no request may change anything.
func (s *Server) mayChange(r *http.Request) bool { return s.senderOf(r).mayChange() }

// givenToken returns the token of a request. The header X-Pushback-Token is for installations whose
// basic authentication uses the Authorization header.
func givenToken(r *http.Request) string {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		given = r.Header.Get("X-Pushback-Token")
	}
	return strings.TrimSpace(given)
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
func (s *Server) mayRead(r *http.Request) bool { return s.senderOf(r).mayRead() }

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
			s.unauthorized(w, r)
			return
		}
		next(w, r)
	}
}

func (s *Server) unauthorized(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="pushback"`)
	writeProblem(w, s.tokenProblem(r))
}
