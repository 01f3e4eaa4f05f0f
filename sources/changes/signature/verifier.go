package signature

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Vercel signs with nothing else
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/sources/changes"
)

// Scheme is one way in which a tool proves who it is. Both functions return nil or
// ErrMismatch.
type Scheme struct {
	// Name is the header that carries the proof. A delivery that has it is held to this scheme.
	Name string
	// Header checks what can be checked before there is a body.
	Header func(secrets func() [][]byte, h http.Header, now time.Time) error
	// Body checks the rest over the raw body.
	Body func(secrets [][]byte, h http.Header, body []byte, now time.Time) error
}

// Verifier checks the deliveries of a source by its secrets. Sources embed it: it is the
// VerifyHeader and Verify of a changes.Source.
type Verifier struct {
	secrets  changes.Secrets
	insecure bool
	schemes  []Scheme
}

// NewVerifier checks the files of secrets. Of several schemes that a delivery carries, the first
// one binds: a token beside a signature does not excuse a body that was changed on the way.
func NewVerifier(files []string, insecure bool, schemes ...Scheme) (Verifier, error) {
	secrets, err := changes.NewSecrets(files, insecure)
	return Verifier{secrets, insecure, schemes}, err
}

// VerifyHeader refuses what Verify would refuse whatever the body.
func (v Verifier) VerifyHeader(h http.Header, now time.Time) error {
	if !v.insecure && v.scheme(h).Header(v.secrets.Keys, h, now) != nil {
		return changes.ErrUnauthorized
	}
	return nil
}

// Verify checks the proof over the raw body.
func (v Verifier) Verify(h http.Header, body []byte, now time.Time) error {
	if v.insecure {
		return nil
	}
	if s := v.scheme(h); s.Header(v.secrets.Keys, h, now) != nil || s.Body(v.secrets.Keys(), h, body, now) != nil {
		return changes.ErrUnauthorized
	}
	return nil
}

// scheme is the one that a delivery is held to: the last, where it carries none.
func (v Verifier) scheme(h http.Header) Scheme {
	i := slices.IndexFunc(v.schemes, func(s Scheme) bool { return len(h.Values(s.Name)) > 0 })
	if i < 0 {
		i = len(v.schemes) - 1
	}
	return v.schemes[i]
}

// HexHMAC is the hex HMAC-SHA256 of the body in a header, behind a prefix such as "sha256=".
func HexHMAC(header, prefix string) Scheme {
	return ofBody(header, sha256.New, func(given string) ([]byte, error) { return sumOf(prefix, given) })
}

// HexHMACSHA1 is the hex HMAC-SHA1 of the body in a header.
func HexHMACSHA1(header string) Scheme {
	return ofBody(header, sha1.New, hex.DecodeString)
}

// Base64HMAC is the base64 HMAC-SHA256 of the body in a header.
func Base64HMAC(header string) Scheme {
	return ofBody(header, sha256.New, base64.StdEncoding.Strict().DecodeString)
}

// HexHMACList is a list of signatures apart by commas, as in "v1=…,v2=…". Of those of the given version there must be
// one, the hex HMAC-SHA256 of the body; others are not read (CircleCI's circleci-signature).
func HexHMACList(header, version string) Scheme {
	return ofBody(header, sha256.New, func(given string) (sum []byte, err error) {
		for one := range strings.SplitSeq(given, ",") {
			if one = strings.TrimSpace(one); !strings.HasPrefix(one, version+"=") {
				continue
			}
			if sum != nil {
				return nil, ErrMismatch // which of two a proxy has checked is not known
			}
			if sum, err = sumOf(version+"=", one); err != nil {
				return nil, err
			}
		}
		return sum, nil
	})
}

// ofBody is a scheme that signs the body and nothing else.
func ofBody(header string, sum func() hash.Hash, read func(given string) ([]byte, error)) Scheme {
	return Scheme{
		Name: header,
		Header: func(_ func() [][]byte, h http.Header, _ time.Time) error {
			if given, err := read(Once(h, header)); err != nil || len(given) != sum().Size() {
				return ErrMismatch
			}
			return nil
		},
		Body: func(secrets [][]byte, h http.Header, body []byte, _ time.Time) error {
			given, _ := read(Once(h, header)) // Header refused what cannot be read
			return anyOf(secrets, func(secret []byte) bool { return hmac.Equal(macOf(sum, secret, body), given) })
		},
	}
}

func macOf(sum func() hash.Hash, secret []byte, parts ...[]byte) []byte {
	mac := hmac.New(sum, secret)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// StandardWebhooks is the scheme of standardwebhooks.com; see Standard.
func StandardWebhooks() Scheme {
	return Scheme{
		Name:   "Webhook-Signature",
		Header: func(_ func() [][]byte, h http.Header, now time.Time) error { return StandardHeader(h, now) },
		Body:   Standard,
	}
}

// Token is a fixed text in a header. Behind "Authorization" it may stand alone, as a bearer token
// (RFC 6750), or as the password of basic authentication (RFC 7617): tools let people set one
// of the three.
func Token(header string) Scheme {
	return Scheme{
		Name: header,
		Header: func(secrets func() [][]byte, h http.Header, _ time.Time) error {
			given := tokenIn(h, header)
			if given == "" {
				return ErrMismatch // without one, no secret is read
			}
			hashed := sha256.Sum256([]byte(given))
			return anyOf(secrets(), func(secret []byte) bool {
				// Hashed first: hmac.Equal alone would tell the length of the secret.
				want := sha256.Sum256(secret)
				return hmac.Equal(want[:], hashed[:])
			})
		},
		Body: func([][]byte, http.Header, []byte, time.Time) error { return nil },
	}
}

// tokenIn is the token that a header holds.
func tokenIn(h http.Header, header string) string {
	given := strings.TrimSpace(Once(h, header))
	if !strings.EqualFold(header, "Authorization") {
		return given
	}
	scheme, rest, _ := strings.Cut(given, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimSpace(rest)
	case strings.EqualFold(scheme, "Basic"):
		_, password, _ := (&http.Request{Header: http.Header{"Authorization": {given}}}).BasicAuth()
		return password
	}
	return given
}

// ConfigCat is the scheme of ConfigCat's webhooks: base64 HMAC-SHA256 of id, timestamp and body,
// several signatures apart by commas (configcat.com/docs/advanced/notifications-webhooks).
func ConfigCat() Scheme {
	const prefix = "X-ConfigCat-Webhook-"
	id, timestamp, signature := prefix+"ID", prefix+"Timestamp", prefix+"Signature-V1"
	given := func(h http.Header) (sums [][]byte) {
		for text := range strings.SplitSeq(Once(h, signature), ",") {
			if sum, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text)); err == nil && len(sum) == sha256.Size {
				sums = append(sums, sum)
			}
		}
		return sums
	}
	return Scheme{
		Name: signature,
		Header: func(_ func() [][]byte, h http.Header, now time.Time) error {
			if Once(h, id) == "" || len(given(h)) == 0 {
				return ErrMismatch
			}
			return checkAge(Once(h, timestamp), now)
		},
		Body: func(secrets [][]byte, h http.Header, body []byte, _ time.Time) error {
			return anyOf(secrets, func(secret []byte) bool {
				want := macOf(sha256.New, secret, []byte(h.Get(id)), []byte(h.Get(timestamp)), body)
				matches := false
				for _, sum := range given(h) {
					matches = hmac.Equal(want, sum) || matches
				}
				return matches
			})
		},
	}
}
