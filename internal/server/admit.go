package server

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/pushback/pushback/internal/identity"
)

// sender is who sent a request. A page asks several times.
type sender struct {
	identity func() identity.Identity
	session  func() identity.Identity // of a browser that signed in
	user     string                   // of the web config file, whose password was right; "": none
}

// senderKey is the context key of the sender of a request.
type senderKey struct{}

// withSender finds out once a request who sent it: each time costs a read of the token file,
// and of a row where there is a session or a named token.
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
	return s.newSender(r, func(each func() identity.Identity) func() identity.Identity { return each })
}

func (s *Server) newSender(r *http.Request, keep func(func() identity.Identity) func() identity.Identity) *sender {
	who := new(sender)
	who.session = keep(func() identity.Identity { return s.sessionIdentity(r) })
	who.identity = keep(func() identity.Identity { return s.identify(r, who.session) })
	return who
}

// identify finds out who sent a request. A token that is given and wrong is not made good by a session.
func (s *Server) identify(r *http.Request, session func() identity.Identity) identity.Identity {
	var i identity.Identity
	if given := givenToken(r); given != "" {
		i = s.byToken(r.Context(), given)
	} else {
		i = session()
	}
	if i.Known() {
		return i
	}
	if s.fromThisHost(r) {
		return identity.New("", identity.Host, identity.Grant{Role: identity.Viewer})
	}
	// A tool that can send only a name and a password within an address, such as Flagger's webhooks, reads
	// with a token as the password.
	if _, password, ok := r.BasicAuth(); ok {
		return s.byToken(r.Context(), password).OnlyReading(identity.Password)
	}
	return i
}

// who is who sent a request; the zero Identity is a stranger.
func (s *Server) who(r *http.Request) identity.Identity { return s.senderOf(r).who() }

// who adds the name that the web config file has checked, to a token that has none of its own.
func (who *sender) who() identity.Identity {
	i := who.identity()
	if i.How == identity.Shared {
		i.Name = who.user
	}
	return i
}

// identityOf is who sent the request of an operation's context.
func identityOf(ctx context.Context) identity.Identity {
	if who, ok := ctx.Value(senderKey{}).(*sender); ok {
		return who.who()
	}
	return identity.Identity{}
}

// byToken is whose a token is. While the token file cannot be read, it has none.
func (s *Server) byToken(ctx context.Context, given string) identity.Identity {
	if s.granted(s.tokens.holds(given)) {
		return sharedToken
	}
	if strings.HasPrefix(given, identity.Prefix) {
		return s.byNamedToken(ctx, given)
	}
	return identity.Identity{}
}

// sharedToken is who has a token of the token file. It may do everything, and names nobody.
var sharedToken = identity.New("", identity.Shared, identity.Grant{Role: identity.Operator})

// mayRead says whether a request may read.
func (s *Server) mayRead(r *http.Request) bool { return s.who(r).May(identity.Read) }

// isKnown says whether a request comes with any valid credential that is its own. The limit of requests
// in the web config file is for others.
func (s *Server) isKnown(r *http.Request) bool {
	i := s.who(r)
	return i.How == identity.Shared || i.How == identity.Token || i.How == identity.OIDC
}

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

// hostname returns a Host header in lower case, without its port and brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// requireRead refuses a request that may not read.
func (s *Server) requireRead(next http.HandlerFunc) http.HandlerFunc {
	return s.require(identity.Read, next)
}

func (s *Server) require(does identity.Scope, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.refusal(r, does); err != nil {
			s.refuseSender(w, err)
			return
		}
		next(w, r)
	}
}

// refuseSender answers a request whose sender may not send it.
func (s *Server) refuseSender(w http.ResponseWriter, err error) {
	p := s.asProblem(err)
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="pushback"`)
	}
	writeProblem(w, p)
}
