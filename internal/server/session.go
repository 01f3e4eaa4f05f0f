package server

import (
	"crypto/hmac"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	sessionCookie = "pushback_session"
	sessionLength = 12 * time.Hour
	signInBurst   = 5 // attempts at once; then one a second, from everybody together
)

// newSession returns the cookie value of a browser that signed in with token:
// the end of the session, and a code over it that needs the token to compute. The
// server stores no sessions, so that they survive a restart, and end when the token
// is removed.
func newSession(token string, until time.Time) string {
	end := strconv.FormatInt(until.Unix(), 10)
	return end + "." + base64.RawURLEncoding.EncodeToString(authCode(token, end))
}

// session says whether the value of a cookie is a session that is valid at now.
func (t tokens) session(value string, now time.Time) (bool, error) {
	end, code, _ := strings.Cut(value, ".")
	given, notBase64 := base64.RawURLEncoding.DecodeString(code)
	seconds, notANumber := strconv.ParseInt(end, 10, 64)
	holds := notBase64 == nil && notANumber == nil && now.Before(time.Unix(seconds, 0))
	if !holds {
		return false, nil
	}
	return t.match(func(token string) bool { return hmac.Equal(given, authCode(token, end)) })
}

// cookie returns the session's cookie; an empty value deletes it. It is
// SameSite=Strict, so that no request from another site's page carries it.
func (s *Server) cookie(r *http.Request, value string) *http.Cookie {
	c := &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLength.Seconds()),
		Secure: r.TLS != nil || s.external != nil && s.external.Scheme == "https",
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
