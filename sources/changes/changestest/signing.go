package changestest

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Vercel signs with nothing else
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Token is the secret itself in a header.
func Token(header string) Signature {
	return Signature{Name: "token in " + header, Sign: func(secret string, _ []byte, _ time.Time) http.Header {
		if header == "Authorization" {
			secret = "Bearer " + secret
		}
		return one(header, secret)
	}}
}

// HexHMAC is the hex HMAC-SHA256 of the body behind a prefix.
func HexHMAC(header, prefix string) Signature {
	return ofBody("HMAC", header, func(secret string, body []byte) string {
		return prefix + hex.EncodeToString(sum(sha256.New, secret, body))
	})
}

// HexHMACSHA1 is the hex HMAC-SHA1 of the body.
func HexHMACSHA1(header string) Signature {
	return ofBody("HMAC-SHA1", header, func(secret string, body []byte) string { return hex.EncodeToString(sum(sha1.New, secret, body)) })
}

// Base64HMAC is the base64 HMAC-SHA256 of the body.
func Base64HMAC(header string) Signature {
	return ofBody("base64 HMAC", header, func(secret string, body []byte) string {
		return base64.StdEncoding.EncodeToString(sum(sha256.New, secret, body))
	})
}

// StandardWebhooks is the signature of standardwebhooks.com.
func StandardWebhooks() Signature {
	return Signature{Name: "Standard Webhooks", Body: true, Timed: true, Sign: func(secret string, body []byte, at time.Time) http.Header {
		w, err := standardwebhooks.NewWebhookRaw([]byte(secret))
		if err != nil {
			panic(err) // the suite's secrets are not empty
		}
		signed, err := w.Sign("msg_1", at, body)
		if err != nil {
			panic(err)
		}
		h := one("Webhook-Id", "msg_1")
		h.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
		h.Set("Webhook-Signature", signed)
		return h
	}}
}

func ofBody(name, header string, text func(secret string, body []byte) string) Signature {
	return Signature{Name: name, Body: true, Sign: func(secret string, body []byte, _ time.Time) http.Header {
		return one(header, text(secret, body))
	}}
}

func sum(of func() hash.Hash, secret string, body []byte) []byte {
	mac := hmac.New(of, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

// one is a header of one value.
func one(name, value string) http.Header {
	h := http.Header{}
	h.Set(name, value)
	return h
}
