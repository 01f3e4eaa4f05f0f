// Package signature proves where a delivery comes from, over its raw bytes
// and before anything reads them.
//
//	HMAC      hex HMAC-SHA256 of the body, with a prefix such as "sha256=" (GitHub)
//	Standard  Standard Webhooks v1: base64 HMAC-SHA256 of id.timestamp.body
//	Bearer    a fixed token in Authorization
//	and the Schemes of other tools: base64 and SHA-1 sums, lists, ConfigCat's, tokens in any header
//
// A Scheme is one of the ways of tools to sign, and a Verifier holds a source's deliveries to
// the schemes of its tool.
//
// Each takes several secrets and accepts any one of them, so that a secret can be
// rotated. Comparisons take the same time whatever is compared. Without a secret
// nothing matches: whether an endpoint may do without is decided elsewhere.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// ErrMismatch is returned where no secret matches. It says no more, so that nobody
// learns how near a guess was.
var ErrMismatch = errors.New("signature does not match")

// Tolerance is how far a Standard Webhooks timestamp may lie from now, either
// way: the specification's five minutes.
const Tolerance = 5 * time.Minute

// HMACHeader checks that given can be a sum that HMAC takes, before there is a body.
func HMACHeader(prefix, given string) error {
	sum, err := sumOf(prefix, given)
	if err == nil && len(sum) != sha256.Size {
		return ErrMismatch
	}
	return err
}

// sumOf reads a sum as HMAC takes it, of any length.
func sumOf(prefix, given string) ([]byte, error) {
	digits, ok := strings.CutPrefix(given, prefix)
	sum, err := hex.DecodeString(digits)
	if !ok || err != nil {
		return nil, ErrMismatch
	}
	return sum, nil
}

// HMAC checks that given is prefix followed by the hex HMAC-SHA256 of body.
func HMAC(secrets [][]byte, prefix, given string, body []byte) error {
	sum, err := sumOf(prefix, given)
	if err != nil {
		return err
	}
	return anyOf(secrets, func(secret []byte) bool {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		return hmac.Equal(mac.Sum(nil), sum)
	})
}

// Once returns the value of a header, "" if the header stands there twice: whatever passes a delivery
// on may read the other one.
func Once(h http.Header, name string) string {
	if len(h.Values(name)) != 1 {
		return ""
	}
	return h.Get(name)
}

// Bearer checks the token in the Authorization header (RFC 6750).
func Bearer(secrets [][]byte, h http.Header) error {
	scheme, token, _ := strings.Cut(Once(h, "Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ErrMismatch
	}
	given := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return anyOf(secrets, func(secret []byte) bool {
		// Hashed first: hmac.Equal alone would tell the length of the secret.
		want := sha256.Sum256(secret)
		return hmac.Equal(want[:], given[:])
	})
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

// StandardHeader checks that there is a signature of these minutes, before there is a body.
func StandardHeader(h http.Header, now time.Time) error {
	if checkAge(Once(h, standardwebhooks.HeaderWebhookTimestamp), now) != nil || Once(h, standardwebhooks.HeaderWebhookID) == "" {
		return ErrMismatch
	}
	for version := range strings.FieldsSeq(Once(h, standardwebhooks.HeaderWebhookSignature)) {
		if strings.HasPrefix(version, "v1,") {
			return nil
		}
	}
	return ErrMismatch
}

// Standard checks the webhook-id, webhook-timestamp and webhook-signature
// headers (standardwebhooks.com). Secrets are base64, with or without whsec_;
// one that is neither is taken as raw bytes. Only v1 is read: v1a, which is
// asymmetric, is skipped as the specification asks.
func Standard(secrets [][]byte, h http.Header, body []byte, now time.Time) error {
	if err := StandardHeader(h, now); err != nil {
		return err
	}
	return anyOf(secrets, func(secret []byte) bool {
		// The library's own check of the time asks the clock; ours came first.
		return webhook(secret).VerifyIgnoringTimestamp(body, h) == nil
	})
}

func webhook(secret []byte) *standardwebhooks.Webhook {
	w, err := standardwebhooks.NewWebhook(string(secret))
	if err != nil {
		w, _ = standardwebhooks.NewWebhookRaw(secret) // never fails
	}
	return w
}

// anyOf tries every secret, even after one matches, so that the time it takes
// does not show which.
func anyOf(secrets [][]byte, matches func(secret []byte) bool) error {
	err := ErrMismatch
	for _, secret := range secrets {
		if matches(secret) {
			err = nil
		}
	}
	return err
}
