package signature

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Vercel signs with nothing else
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
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
	// Public says that secrets may be public keys (whpk_); the functions of all other schemes
	// are never given one.
	Public bool
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
	v := Verifier{secrets, insecure, schemes}
	return v, errors.Join(err, v.checkPublic())
}

// checkPublic refuses public keys that are none, or that no scheme of the source can use.
func (v Verifier) checkPublic() error {
	usable := slices.ContainsFunc(v.schemes, func(s Scheme) bool { return s.Public })
	for _, secret := range v.secrets.Keys() {
		if !isPublic(secret) {
			continue
		}
		if !usable {
			return errors.New("secret_files: a key that begins with whpk_ is public, and this kind of source needs a shared secret")
		}
		if _, ok := publicKey(secret); !ok {
			return errors.New("secret_files: what follows whpk_ is not an Ed25519 key: 32 bytes in base64")
		}
	}
	return nil
}

// keys are the secrets that a scheme may use.
func (v Verifier) keys(s Scheme) [][]byte {
	secrets := v.secrets.Keys()
	if !s.Public {
		secrets, _ = split(secrets)
	}
	return secrets
}

// VerifyHeader refuses what Verify would refuse whatever the body.
func (v Verifier) VerifyHeader(h http.Header, now time.Time) error {
	if v.insecure {
		return nil
	}
	s := v.scheme(h)
	if s.Header(func() [][]byte { return v.keys(s) }, h, now) != nil {
		return changes.ErrUnauthorized
	}
	return nil
}

// Verify checks the proof over the raw body.
func (v Verifier) Verify(h http.Header, body []byte, now time.Time) error {
	if v.insecure {
		return nil
	}
	s := v.scheme(h)
	if v.VerifyHeader(h, now) != nil || s.Body(v.keys(s), h, body, now) != nil {
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

// VersionedHexHMAC is a list of signatures in a header, as in "v1=…,v2=…", of which the one of the
// given version is the hex HMAC-SHA256 of the body. No other is read, so that nobody can fall
// back to a weaker one; a version that stands there twice is refused.
func VersionedHexHMAC(header, version string) Scheme {
	return ofBody(header, sha256.New, func(given string) ([]byte, error) {
		found := ""
		for part := range strings.SplitSeq(given, ",") {
			if part = strings.TrimSpace(part); strings.HasPrefix(part, version+"=") {
				if found != "" {
					return nil, ErrMismatch
				}
				found = part
			}
		}
		return sumOf(version+"=", found)
	})
}

// sumOf reads a hex sum behind a prefix, of any length.
func sumOf(prefix, given string) ([]byte, error) {
	digits, ok := strings.CutPrefix(given, prefix)
	sum, err := hex.DecodeString(digits)
	if !ok || err != nil {
		return nil, ErrMismatch
	}
	return sum, nil
}

// HexHMACSHA1 is the hex HMAC-SHA1 of the body in a header.
func HexHMACSHA1(header string) Scheme {
	return ofBody(header, sha1.New, hex.DecodeString)
}

// Base64HMAC is the base64 HMAC-SHA256 of the body in a header.
func Base64HMAC(header string) Scheme {
	return ofBody(header, sha256.New, base64.StdEncoding.Strict().DecodeString)
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
		all := strings.Split(Once(h, signature), ",")
		if len(all) > mostSigned {
			return nil
		}
		for _, text := range all {
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
