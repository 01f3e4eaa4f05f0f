// Package signature proves where a delivery comes from, over its raw bytes
// and before anything reads them.
//
// A Scheme is one of the ways in which tools prove who they are, and a Verifier holds a
// source's deliveries to the schemes of its tool:
//
//	HexHMAC           hex HMAC-SHA256 of the body, with a prefix such as "sha256=" (GitHub)
//	VersionedHexHMAC  the same in a list such as "v1=…,v2=…" (CircleCI)
//	Base64HMAC        base64 HMAC-SHA256 of the body (Heroku)
//	HexHMACSHA1       hex HMAC-SHA1 of the body (Vercel)
//	StandardWebhooks  id.timestamp.body, by HMAC-SHA256 (v1) or Ed25519 (v1a)
//	ConfigCat         base64 HMAC-SHA256 of id, timestamp and body
//	Token             a fixed text, a bearer token or the password of basic authentication
//
// Each takes several secrets and accepts any one of them, so that a secret can be
// rotated. Comparisons take the same time whatever is compared. Without a secret
// nothing matches: whether an endpoint may do without is decided elsewhere.
package signature

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// ErrMismatch is returned where no secret matches. It says no more, so that nobody
// learns how near a guess was.
var ErrMismatch = errors.New("signature does not match")

// Tolerance is how far a signed timestamp may lie from now, either way: five minutes, as
// the Standard Webhooks specification advises. It is also the window in which a delivery
// can be replayed; a replay is a duplicate, because event ids are taken from what is signed.
const Tolerance = 5 * time.Minute

// Once returns the value of a header, "" if the header stands there twice: whatever passes a delivery
// on may read the other one.
func Once(h http.Header, name string) string {
	if len(h.Values(name)) != 1 {
		return ""
	}
	return h.Get(name)
}

// checkAge refuses a signed timestamp, in seconds, that is not of these minutes. It has one form:
// a library that signs what it has parsed would let "+1" pass for "1".
func checkAge(timestamp string, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != timestamp || now.Sub(time.Unix(seconds, 0)).Abs() > Tolerance {
		return ErrMismatch
	}
	return nil
}

// anyOf tries every secret, even after one matches, so that the time it takes
// does not show which.
func anyOf[Secret any](secrets []Secret, matches func(secret Secret) bool) error {
	err := ErrMismatch
	for _, secret := range secrets {
		if matches(secret) {
			err = nil
		}
	}
	return err
}
