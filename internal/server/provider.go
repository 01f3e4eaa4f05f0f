package server

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/openid"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// SignIn signs people in at a provider of identities.
type SignIn interface {
	Name() string   // of the provider, for people
	Issuer() string // the provider's own name for itself
	Begin(ctx context.Context) (address string, a openid.Attempt, err error)
	Finish(ctx context.Context, a openid.Attempt, q url.Values) (openid.Person, error)
	Grants(groups []string) []identity.Grant
	SignOutURL() string // "" where the provider has no page for it
}

const (
	providerPath = "/signin/provider"
	callbackPath = openid.CallbackPath

	attemptCookie = "pushback_signin"
	attemptLength = 10 * time.Minute // to sign in at the provider
	maxNext       = 1500             // bytes of the page to go to afterwards: browsers keep cookies of 4 KiB
)

// attempt is what a browser keeps while somebody signs in at the provider.
type attempt struct {
	openid.Attempt
	Next  string `json:"x"`
	Until int64  `json:"t"` // in seconds
}

// beginSignIn sends a browser to the provider. It is a link and no form, because the policy of our pages lets forms
// lead nowhere else.
func (s *Server) beginSignIn(w http.ResponseWriter, r *http.Request) {
	address, begun, err := s.SignIn.Begin(r.Context())
	if err != nil {
		s.signInProblem(w, r, err)
		return
	}
	next := localPath(r.URL.Query().Get("next"))
	if len(next) > maxNext {
		next = "/"
	}
	value, err := s.sealAttempt(r.Context(), attempt{begun, next, s.Now().Add(attemptLength).Unix()})
	if err != nil {
		s.problemPage(w, r, s.storeProblem(err))
		return
	}
	http.SetCookie(w, s.attemptCookie(r, value))
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// finishSignIn begins a session for whoever comes back from the provider. The page that answers leads on by itself:
// after a redirect a browser would not send the session's cookie, because the visit began on another site.
func (s *Server) finishSignIn(w http.ResponseWriter, r *http.Request) {
	begun, ok := s.openAttempt(r)
	http.SetCookie(w, s.attemptCookie(r, "")) // good for one try, whatever comes of it
	if !ok {
		s.problemPage(w, r, problem(http.StatusBadRequest, "this sign-in was not begun in this browser, or more than ten minutes ago", "sign in again from /signin"))
		return
	}
	person, err := s.SignIn.Finish(r.Context(), begun.Attempt, r.URL.Query())
	if err != nil {
		s.signInProblem(w, r, err)
		return
	}
	session := store.Session{How: string(identity.OIDC), Issuer: s.SignIn.Issuer(), Subject: person.Subject, Name: person.Name, Groups: person.Groups}
	key := s.signInKey(r.Context())
	if key == nil {
		s.problemPage(w, r, s.storeProblem(errors.New("the key of sessions cannot be read")))
		return
	}
	if err := s.beginSession(w, r, session, byKey(key)); err != nil {
		s.problemPage(w, r, s.storeProblem(err))
		return
	}
	s.Log.Info("signed in", "how", session.How, "name", person.Name, "subject", person.Subject, "groups", person.Groups, "from", r.RemoteAddr)
	s.showAside(w, r, web.Aside{Frame: signFrame("Signed in"), Text: "You are signed in as " + person.Name + ".", Link: begun.Next, Label: "Go on", Leads: true})
}

// showSignedOut offers to sign out at the provider as well.
func (s *Server) showSignedOut(w http.ResponseWriter, r *http.Request, there string) {
	s.showAside(w, r, web.Aside{
		Frame: signFrame("Signed out"), Text: "You are signed out of Pushback. At " + s.SignIn.Name() + " you are still signed in, so that signing in here again may ask for no password.",
		Link: there, Label: "Sign out at " + s.SignIn.Name(),
	})
}

// signFrame is the frame of a page that tells nothing of what there is.
func signFrame(title string) web.Frame { return web.Frame{Title: title, CanSign: true, Here: "/"} }

// showAside shows a page of one sentence and one link.
func (s *Server) showAside(w http.ResponseWriter, r *http.Request, page web.Aside) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := s.pages.Aside(w, page); err != nil {
		s.Log.Error("cannot render a page; the reader gets an incomplete answer", "path", r.URL.Path, "error", err)
	}
}

// signInProblem shows why nobody was signed in. What only operators can mend is in the log.
func (s *Server) signInProblem(w http.ResponseWriter, r *http.Request, err error) {
	s.Metrics.GetOrCreateCounter("pushback_sign_ins_refused_total").Inc()
	if s.wrong.AllowN(s.Now(), 1) {
		s.Log.Warn("sign-in at the provider failed", "provider", s.SignIn.Name(), "from", r.RemoteAddr, "error", err)
	}
	s.problemPage(w, r, s.whyNotSignedIn(err))
}

func (s *Server) whyNotSignedIn(err error) *api.Problem {
	switch {
	case errors.Is(err, openid.ErrNoRole):
		return problem(http.StatusForbidden, "you have signed in at "+s.SignIn.Name()+", but none of your groups has a role here", "ask whoever runs Pushback to give one of your groups a role, under oidc.roles in pushback.yml; then sign in again")
	case errors.Is(err, openid.ErrNotProven):
		return problem(http.StatusForbidden, openid.ErrNotProven.Error(), "sign in again from /signin; if that does not help, the log of Pushback says what is wrong")
	case errors.Is(err, openid.ErrRefused):
		return problem(http.StatusForbidden, err.Error(), "sign in again from /signin")
	}
	return problem(http.StatusServiceUnavailable, s.SignIn.Name()+" could not be asked", "try again in a few seconds, or sign in with a token; the log of Pushback says what is wrong")
}

// sealAttempt is an attempt as a cookie's value, with a code that only this installation can make.
func (s *Server) sealAttempt(ctx context.Context, a attempt) (string, error) {
	key := s.signInKey(ctx)
	if key == nil {
		return "", errors.New("the key of sessions cannot be read")
	}
	text, err := json.Marshal(a)
	return encodeBase64(text) + "." + encodeBase64(key.Code("attempt", string(text))), err
}

// openAttempt is the attempt that a request's browser keeps, if it is still good.
func (s *Server) openAttempt(r *http.Request) (a attempt, ok bool) {
	c, err := r.Cookie(s.cookieCalled(r, attemptCookie))
	if err != nil {
		return a, false
	}
	first, second, _ := strings.Cut(c.Value, ".")
	text, notBase64 := base64.RawURLEncoding.DecodeString(first)
	code, noCode := base64.RawURLEncoding.DecodeString(second)
	key := s.signInKey(r.Context())
	if notBase64 != nil || noCode != nil || key == nil || !hmac.Equal(code, key.Code("attempt", string(text))) {
		return a, false
	}
	if json.Unmarshal(text, &a) != nil || !s.Now().Before(time.Unix(a.Until, 0)) {
		return a, false
	}
	a.Next = localPath(a.Next)
	return a, true
}

// attemptCookie keeps an attempt; an empty value deletes it. It is SameSite=Lax, because the visit that needs it
// comes from the provider's site.
func (s *Server) attemptCookie(r *http.Request, value string) *http.Cookie {
	c := s.cookie(r, value) //nolint:gosec // Secure, HttpOnly and SameSite are set there
	c.Name, c.SameSite = s.cookieCalled(r, attemptCookie), http.SameSiteLaxMode
	if value != "" {
		c.MaxAge = int(attemptLength.Seconds())
	}
	return c
}
