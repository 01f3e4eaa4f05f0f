package server

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

const (
	maxForm    = 16 << 10 // bytes of the largest form
	wrongBurst = 5        // wrong tokens that get the whole page; then one a second, of everybody together
)

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) {
	s.showSignIn(w, r, http.StatusOK, r.URL.Query().Get("next"))
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, status int, next string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	page := web.SignIn{Frame: s.frame(r, "Sign in"), Wrong: status == http.StatusUnauthorized, Next: localPath(next), Tokens: s.TokenFile != ""}
	if s.SignIn != nil {
		page.Provider = s.SignIn.Name()
	}
	page.CanSign = false // the page is the sign-in form itself
	if err := s.pages.SignIn(w, page); err != nil {
		s.Log.Error("cannot render a page; the reader gets an incomplete answer", "path", r.URL.Path, "error", err)
	}
}

// signIn starts a session for a valid token. A valid token is let in before anything is
// counted: nobody's wrong tokens can keep it out. See adr/0094.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	if err := readForm(w, r); err != nil {
		s.problemPage(w, r, err)
		return
	}
	next := localPath(r.PostForm.Get("next"))
	token := strings.TrimSpace(r.PostForm.Get("token"))
	session, code, ok := s.sessionFor(r.Context(), token)
	if !ok {
		s.refuseSignIn(w, r, next)
		return
	}
	if err := s.beginSession(w, r, session, code); err != nil {
		s.problemPage(w, r, s.storeProblem(err))
		return
	}
	s.Log.Info("signed in", "how", session.How, "name", session.Name, "from", r.RemoteAddr)
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // localPath keeps it here
}

// sessionFor is the session that a token begins, if it is valid, and what makes the code of its cookie.
func (s *Server) sessionFor(ctx context.Context, token string) (_ store.Session, code func(id string) []byte, ok bool) {
	if s.granted(s.tokens.holds(token)) {
		return store.Session{How: string(identity.Shared)}, byFileToken(token), true
	}
	i := s.byToken(ctx, token)
	if !i.May(identity.Read) {
		return store.Session{}, nil, false // one that only reports has nothing to see
	}
	return store.Session{How: string(identity.Token), Token: i.Key, Name: i.Name, EndsAt: i.Ends}, byKey(s.signInKey(ctx)), true
}

// refuseSignIn answers a wrong token. All clients share one count of wrong tokens, because
// behind a proxy they share one address. Those beyond it get an answer that costs less
// than a page, and no line in the log each.
func (s *Server) refuseSignIn(w http.ResponseWriter, r *http.Request, next string) {
	s.Metrics.GetOrCreateCounter("pushback_sign_ins_refused_total").Inc()
	if !s.wrong.AllowN(s.Now(), 1) {
		w.Header().Set("Retry-After", "1")
		writeProblem(w, problem(http.StatusTooManyRequests, "that is not one of the tokens, and there were many wrong ones", "a right token signs in at any time"))
		return
	}
	s.Log.Warn("sign-in refused", "from", r.RemoteAddr)
	s.showSignIn(w, r, http.StatusUnauthorized, next)
}

// signOut ends the session, so that a copy of its cookie is worth nothing either. Whoever signed in at a provider
// is asked whether they want to be signed out there as well.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	i := s.senderOf(r).session()
	if id, _ := s.sessionOf(r); id != "" {
		if err := s.Store.EndSession(r.Context(), id); err != nil {
			s.problemPage(w, r, s.storeProblem(err)) // the browser keeps its cookie, to try again
			return
		}
		s.Log.Info("signed out", "name", i.Name, "from", r.RemoteAddr)
	}
	http.SetCookie(w, s.cookie(r, ""))
	if i.How == identity.OIDC && s.SignIn != nil {
		if there := s.SignIn.SignOutURL(); there != "" {
			s.showSignedOut(w, r, there)
			return
		}
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// localPath returns next if it is a path and query of this server, as this server's own links
// are written, and "/" otherwise. Browsers drop tabs and line ends from an address, and read
// "//elsewhere" and "/\elsewhere" as another host; proxies may decode a path before they
// pass it on. So what is plain is let through, and nothing is mended.
func localPath(next string) string {
	u, err := url.ParseRequestURI(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.Contains(next, " ") {
		return "/"
	}
	query, err := url.QueryUnescape(u.RawQuery)
	if err != nil || !isPlain(next) || !isPlain(u.Path) || !isPlain(query) {
		return "/"
	}
	if path.Clean(u.Path) != u.Path || strings.ContainsAny(u.Path, "%") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return next
}

// isPlain says whether a text has no control character, no backslash and nothing invisible.
func isPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r == '\\' || r == utf8.RuneError || sources.Invisible(r)
	})
}
