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

// newSession is what a browser signed in with token carries: until when, and
// a code under that which only somebody who knew the token could have made.
// Nothing is kept here, so sessions survive a restart and end with the token.
func newSession(token string, until time.Time) string {
	end := strconv.FormatInt(until.Unix(), 10)
	return end + "." + base64.RawURLEncoding.EncodeToString(seal(token, end))
}

// session says whether the value of a cookie is a session that still holds.
func (t tokens) session(value string, now time.Time) (bool, error) {
	end, code, _ := strings.Cut(value, ".")
	given, notBase64 := base64.RawURLEncoding.DecodeString(code)
	seconds, notANumber := strconv.ParseInt(end, 10, 64)
	holds := notBase64 == nil && notANumber == nil && now.Before(time.Unix(seconds, 0))
	if !holds {
		return false, nil
	}
	return t.match(func(token string) bool { return hmac.Equal(given, seal(token, end)) })
}

// cookie makes the session's cookie; an empty value takes it away. Strict,
// so that no other site's link or form ever carries it.
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
