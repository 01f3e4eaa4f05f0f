package signature

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// publicPrefix begins a public key of Standard Webhooks: 32 bytes of Ed25519 in base64.
const publicPrefix = "whpk_"

// mostSigned is how many signatures of one delivery are checked. A sender has one for each of
// its keys while they are rotated; a stranger's header could hold ten thousand, and each costs
// an Ed25519 verification.
const mostSigned = 8

// StandardWebhooks is the scheme of standardwebhooks.com: webhook-id, webhook-timestamp and
// webhook-signature, in which v1 is an HMAC and v1a an Ed25519 signature. Shared secrets are
// base64, with or without whsec_; one that is neither is taken as raw bytes. A public key
// begins with whpk_.
func StandardWebhooks() Scheme {
	return Scheme{
		Name: standardwebhooks.HeaderWebhookSignature, Public: true,
		Header: func(_ func() [][]byte, h http.Header, now time.Time) error { return standardHeader(h, now) },
		Body: func(secrets [][]byte, h http.Header, body []byte, _ time.Time) error {
			shared, public := split(secrets)
			byHMAC := anyOf(shared, func(secret []byte) bool {
				// The library's own check of the time asks the clock; ours came first.
				return webhook(secret).VerifyIgnoringTimestamp(body, h) == nil
			})
			if byKey := verifyPublic(public, h, body); byKey == nil {
				return nil
			}
			return byHMAC
		},
	}
}

// standardHeader checks that there is a signature of these minutes, before there is a body.
func standardHeader(h http.Header, now time.Time) error {
	if checkAge(Once(h, standardwebhooks.HeaderWebhookTimestamp), now) != nil || Once(h, standardwebhooks.HeaderWebhookID) == "" {
		return ErrMismatch
	}
	signatures := strings.Fields(Once(h, standardwebhooks.HeaderWebhookSignature))
	for _, signature := range signatures {
		if len(signatures) <= mostSigned && (strings.HasPrefix(signature, "v1,") || strings.HasPrefix(signature, "v1a,")) {
			return nil
		}
	}
	return ErrMismatch
}

func webhook(secret []byte) *standardwebhooks.Webhook {
	w, err := standardwebhooks.NewWebhook(string(secret))
	if err != nil {
		w, _ = standardwebhooks.NewWebhookRaw(secret) // never fails
	}
	return w
}

// verifyPublic checks the v1a signatures, which the library for Go does not know.
func verifyPublic(keys []ed25519.PublicKey, h http.Header, body []byte) error {
	if len(keys) == 0 {
		return ErrMismatch
	}
	signed := bytes.Join([][]byte{
		[]byte(h.Get(standardwebhooks.HeaderWebhookID)), []byte(h.Get(standardwebhooks.HeaderWebhookTimestamp)), body,
	}, []byte("."))
	return anyOf(keys, func(key ed25519.PublicKey) bool {
		matches := false
		for given := range strings.FieldsSeq(h.Get(standardwebhooks.HeaderWebhookSignature)) {
			encoded, asymmetric := strings.CutPrefix(given, "v1a,")
			sum, err := base64.StdEncoding.Strict().DecodeString(encoded)
			matches = asymmetric && err == nil && ed25519.Verify(key, signed, sum) || matches
		}
		return matches
	})
}

// split tells shared secrets from public keys. A public key is no secret: whoever knows it could
// sign as its owner by HMAC, or send it as a token, if it were taken for one.
func split(secrets [][]byte) (shared [][]byte, public []ed25519.PublicKey) {
	for _, secret := range secrets {
		if !isPublic(secret) {
			shared = append(shared, secret)
		} else if key, ok := publicKey(secret); ok {
			public = append(public, key)
		}
	}
	return shared, public
}

func isPublic(secret []byte) bool { return bytes.HasPrefix(secret, []byte(publicPrefix)) }

// publicKey decodes a key behind whpk_.
func publicKey(secret []byte) (ed25519.PublicKey, bool) {
	key, err := base64.StdEncoding.DecodeString(string(secret[len(publicPrefix):]))
	return key, err == nil && len(key) == ed25519.PublicKeySize
}
