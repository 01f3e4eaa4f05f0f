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

	"github.com/pushback/pushback/internal/store"
)

const (
	sessionLength = 12 * time.Hour // from the sign-in
	sessionIdle   = 2 * time.Hour  // from the last page that a person asked for
	usedEvery     = time.Minute    // how often the use of a session is stored

	sessionCookie = "pushback_session"
	hostCookie    = "__Host-" + sessionCookie // over https: no other host of the domain can set it
	idBytes       = 32
)

// Sessions stores the sessions of browsers. Replicas share them, and they survive a restart.
type Sessions interface {
	BeginSession(ctx context.Context, s store.Session, replaces string) error
	Session(ctx context.Context, id string) (store.Session, error) // wraps store.ErrNotFound
	UseSession(ctx context.Context, id string, at time.Time) error
	EndSession(ctx context.Context, id string) error
}

// newCookie returns the value of a new session's cookie: a random id, and a code over it
// that needs the token to compute. So a session ends when its token is removed, although
// the database does not hold the token, and a made-up cookie is refused without a look
// into the database.
func newCookie(token string) string {
	id := make([]byte, idBytes)
	_, _ = rand.Read(id) // never fails
	return encodeBase64(id) + "." + encodeBase64(authCode(token, string(id)))
}

func encodeBase64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// sessionID returns the id under which the session of a cookie's value is stored, "" if no
// token of the file has made it.
func (t tokens) sessionID(value string) (string, error) {
	first, second, _ := strings.Cut(value, ".")
	id, notBase64 := base64.RawURLEncoding.DecodeString(first)
	code, noCode := base64.RawURLEncoding.DecodeString(second)
	if wellFormed := notBase64 == nil && noCode == nil && len(id) == idBytes; !wellFormed {
		return "", nil
	}
	made, err := t.match(func(token string) bool { return hmac.Equal(code, authCode(token, string(id))) })
	if !made || err != nil {
		return "", err
	}
	hash := sha256.Sum256(id)
	return hex.EncodeToString(hash[:]), nil
}

// sessionOf returns the id of a request's session, "" if it has none that a token has made.
func (s *Server) sessionOf(r *http.Request) string {
	c, err := r.Cookie(s.cookieName(r))
	if err != nil {
		return ""
	}
	id, err := s.tokens.sessionID(c.Value)
	if err != nil {
		s.logTokens(err)
	}
	return id
}

// signedIn says whether a request comes from a browser whose session has not ended.
func (s *Server) signedIn(r *http.Request) bool { return s.senderOf(r).signedIn() }

// hasSession reads the session of a request. While the database cannot be read, there is none.
func (s *Server) hasSession(r *http.Request) bool {
	id := s.sessionOf(r)
	if id == "" {
		return false
	}
	session, err := s.Store.Session(r.Context(), id)
	if err != nil {
		s.logSession(err, "cannot read a session; asking the browser to sign in again")
		return false
	}
	now := s.Now()
	if !now.Before(session.EndsAt) || !now.Before(session.UsedAt.Add(sessionIdle)) {
		return false
	}
	if byPerson(r) && now.Sub(session.UsedAt) >= usedEvery {
		s.logSession(s.Store.UseSession(r.Context(), id, now), "cannot store that a session is used; it may end early")
	}
	return true
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

// beginSession signs a browser in, and ends the session that it had.
func (s *Server) beginSession(w http.ResponseWriter, r *http.Request, token string) error {
	value := newCookie(token)
	id, err := s.tokens.sessionID(value)
	if err != nil {
		return err
	}
	now := s.Now()
	session := store.Session{ID: id, BegunAt: now, UsedAt: now, EndsAt: now.Add(sessionLength)}
	if err := s.Store.BeginSession(r.Context(), session, s.sessionOf(r)); err != nil {
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

func (s *Server) cookieName(r *http.Request) string {
	if s.overTLS(r) {
		return hostCookie
	}
	return sessionCookie
}

// overTLS says whether the browser sent the request by https, to this server or to a proxy.
func (s *Server) overTLS(r *http.Request) bool {
	return r.TLS != nil || s.external != nil && s.external.Scheme == "https"
}
