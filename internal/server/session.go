package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/store"
)

const (
	sessionLength = 12 * time.Hour // from the sign-in
	sessionIdle   = 2 * time.Hour  // from the last page that a person asked for
	usedEvery     = time.Minute    // how often the use of a session is stored

	sessionCookie = "pushback_session"
	hostPrefix    = "__Host-" // over https: no other host of the domain can set it
	idBytes       = 32
)

// Sessions stores the sessions of browsers. Replicas share them, and they survive a restart.
type Sessions interface {
	BeginSession(ctx context.Context, s store.Session, replaces string) error
	Session(ctx context.Context, id string) (store.Session, error) // wraps store.ErrNotFound
	UseSession(ctx context.Context, id string, at time.Time) error
	EndSession(ctx context.Context, id string) error
}

// newCookie returns the value of a new session's cookie: a random id, and a code over it that needs a secret to
// compute. For a token of the file the secret is that token: so a session ends when its token is removed,
// although the database does not hold the token. For others it is the installation's. A made-up cookie is refused
// without a look into the database.
func newCookie(code func(id string) []byte) string {
	id := make([]byte, idBytes)
	_, _ = rand.Read(id) // never fails
	return encodeBase64(id) + "." + encodeBase64(code(string(id)))
}

// byFileToken makes the code of a session that a token of the file has begun.
func byFileToken(token string) func(id string) []byte {
	return func(id string) []byte { return authCode(token, id) }
}

// byKey makes the code of any other session.
func byKey(k identity.Key) func(id string) []byte {
	return func(id string) []byte { return k.Code("session", id) }
}

func encodeBase64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// openCookie returns the id and the code of a cookie's value.
func openCookie(value string) (id string, code []byte, ok bool) {
	first, second, _ := strings.Cut(value, ".")
	raw, notBase64 := base64.RawURLEncoding.DecodeString(first)
	code, noCode := base64.RawURLEncoding.DecodeString(second)
	return string(raw), code, notBase64 == nil && noCode == nil && len(raw) == idBytes
}

// storedID is the id under which a session is stored: whoever reads the database cannot make the cookie of it.
func storedID(id string) string {
	hash := sha256.Sum256([]byte(id))
	return hex.EncodeToString(hash[:])
}

// sessionID returns the id under which the session of a cookie's value is stored, and whether a token of the file
// has made it; "" if neither such a token nor this installation has.
func (s *Server) sessionID(ctx context.Context, value string) (stored string, byFile bool) {
	id, code, ok := openCookie(value)
	if !ok {
		return "", false
	}
	byFile = s.granted(s.tokens.match(func(token string) bool { return hmac.Equal(code, authCode(token, id)) }))
	if byFile {
		return storedID(id), true
	}
	if key := s.signInKey(ctx); key == nil || !hmac.Equal(code, byKey(key)(id)) {
		return "", false
	}
	return storedID(id), false
}

// sessionOf returns the id of a request's session, "" if it has none, and whether a token of the file made it.
func (s *Server) sessionOf(r *http.Request) (id string, byFile bool) {
	c, err := r.Cookie(s.cookieName(r))
	if err != nil {
		return "", false
	}
	return s.sessionID(r.Context(), c.Value)
}

// signedIn says whether a request comes from a browser whose session has not ended.
func (s *Server) signedIn(r *http.Request) bool { return s.senderOf(r).session().Known() }

// sessionIdentity is who began the session of a request. While the database cannot be read, there is none.
func (s *Server) sessionIdentity(r *http.Request) identity.Identity {
	id, byFile := s.sessionOf(r)
	if id == "" {
		return identity.Identity{}
	}
	session, err := s.Store.Session(r.Context(), id)
	if err != nil {
		s.logSession(err, "cannot read a session; asking the browser to sign in again")
		return identity.Identity{}
	}
	now := s.Now()
	if !now.Before(session.EndsAt) || !now.Before(session.UsedAt.Add(sessionIdle)) {
		return identity.Identity{}
	}
	i := s.begunBy(r.Context(), session, byFile)
	if i.Known() && byPerson(r) && now.Sub(session.UsedAt) >= usedEvery {
		s.logSession(s.Store.UseSession(r.Context(), id, now), "cannot store that a session is used; it may end early")
	}
	return i
}

// begunBy is who began a session, as far as they still may: by the token file, the named token, or the roles of
// pushback.yml as they are now.
func (s *Server) begunBy(ctx context.Context, session store.Session, byFile bool) identity.Identity {
	how := identity.Way(session.How)
	switch {
	case byFile && how == identity.Shared:
		return sharedToken
	case !byFile && how == identity.Token:
		return s.byHash(ctx, session.Token)
	case !byFile && how == identity.OIDC && s.SignIn != nil && session.Issuer == s.SignIn.Issuer():
		i := identity.New(session.Name, identity.OIDC, s.SignIn.Grants(session.Groups)...)
		i.Key = session.Subject
		return i
	}
	return identity.Identity{}
}

func (s *Server) logSession(err error, what string) {
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, context.Canceled) {
		s.Log.Error(what, "error", err)
	}
}

// byPerson says whether a person may have made the request. A page that is left open asks by
// itself whenever a change moves, and would keep its session from ever being idle.
func byPerson(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Dest") != "empty" && r.Header.Get("Accept") != "text/event-stream"
}

// beginSession signs a browser in, and ends the session that it had: an id that was planted is not kept.
func (s *Server) beginSession(w http.ResponseWriter, r *http.Request, session store.Session, code func(id string) []byte) error {
	value := newCookie(code)
	id, _, _ := openCookie(value)
	now := s.Now()
	session.ID, session.BegunAt, session.UsedAt = storedID(id), now, now
	if ends := now.Add(sessionLength); session.EndsAt.IsZero() || session.EndsAt.After(ends) {
		session.EndsAt = ends
	}
	had, _ := s.sessionOf(r)
	if err := s.Store.BeginSession(r.Context(), session, had); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(r, value))
	return nil
}

// cookie returns the session's cookie; an empty value deletes it. It is
// SameSite=Strict, so that no request from another site's page carries it.
func (s *Server) cookie(r *http.Request, value string) *http.Cookie {
	c := &http.Cookie{
		Name: s.cookieName(r), Value: value, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLength.Seconds()), Secure: s.overTLS(r),
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

func (s *Server) cookieName(r *http.Request) string { return s.cookieCalled(r, sessionCookie) }

func (s *Server) cookieCalled(r *http.Request, name string) string {
	if s.overTLS(r) {
		return hostPrefix + name
	}
	return name
}

// overTLS says whether the browser sent the request by https, to this server or to a proxy.
func (s *Server) overTLS(r *http.Request) bool {
	return r.TLS != nil || s.external != nil && s.external.Scheme == "https"
}
