package server

import (
	"net/http"
	"strings"

	"github.com/pushback/pushback/dashboards/web"
)

// maxForm is the size of the largest form, in bytes.
const maxForm = 16 << 10

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) {
	s.showSignIn(w, r, http.StatusOK, r.URL.Query().Get("next"))
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, status int, next string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	page := web.SignIn{Frame: s.frame(r, "Sign in"), Wrong: status == http.StatusUnauthorized, Next: localPath(next)}
	page.CanSign = false // the page is the sign-in form itself
	if err := s.pages.SignIn(w, page); err != nil {
		s.Log.Error("cannot render a page; the reader gets an incomplete answer", "path", r.URL.Path, "error", err)
	}
}

// signIn starts a session for a valid token. All clients share one limit of
// attempts, because behind a proxy they share one address. That is enough: there are
// more than 2^64 tokens to try.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	if !s.signIns.AllowN(s.Now(), 1) {
		s.problemPage(w, r, problem(http.StatusTooManyRequests, "too many attempts to sign in", "wait a few seconds"))
		return
	}
	if err := readForm(w, r); err != nil {
		s.problemPage(w, r, err)
		return
	}
	token := strings.TrimSpace(r.PostForm.Get("token"))
	if !s.granted(s.tokens.holds(token)) {
		s.Log.Warn("sign-in refused", "from", r.RemoteAddr)
		s.showSignIn(w, r, http.StatusUnauthorized, r.PostFormValue("next"))
		return
	}
	http.SetCookie(w, s.cookie(r, newSession(token, s.Now().Add(sessionLength))))
	http.Redirect(w, r, localPath(r.PostFormValue("next")), http.StatusSeeOther)
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, s.cookie(r, ""))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// localPath keeps a redirect on this host: a browser reads "//elsewhere" and
// "/\elsewhere" as another host.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return "/"
	}
	return next
}
