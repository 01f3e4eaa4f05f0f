package signature_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources/changes"
	. "github.com/pushback/pushback/sources/changes/signature"
)

const (
	current  = "the current one of two secrets"
	previous = "the previous one of two secrets"
)

// verifier is a source's, with the secrets in files.
func verifier(t testing.TB, scheme Scheme, secrets ...string) Verifier {
	t.Helper()
	v, err := NewVerifier(files(t, secrets...), false, scheme)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func files(t testing.TB, secrets ...string) (paths []string) {
	t.Helper()
	for i, secret := range secrets {
		path := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// noSecretIsTooShort runs a scheme by itself: the published vectors sign with secrets that a
// Verifier refuses as too weak.
func noSecretIsTooShort(s Scheme, secret string, h http.Header, body string, now time.Time) error {
	secrets := [][]byte{[]byte(secret)}
	return errors.Join(s.Header(func() [][]byte { return secrets }, h, now), s.Body(secrets, h, []byte(body), now))
}

// The vectors that the tools publish, and what is one bit away from each.
func TestPublishedVectors(t *testing.T) {
	sent := time.Unix(1614265330, 0)
	circle := VersionedHexHMAC("circleci-signature", "v1")
	standard := header("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp", "1614265330", "webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
	for _, c := range []struct {
		name   string
		scheme Scheme
		secret string
		header http.Header
		body   string
	}{
		{
			"docs.github.com, Validating webhook deliveries", HexHMAC("X-Hub-Signature-256", "sha256="), "It's a Secret to Everybody",
			header("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"), "Hello, World!",
		},
		{"circleci.com/docs/webhooks, 1", circle, "secret", header("circleci-signature", "v1=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a"), "hello world"},
		{"circleci.com/docs/webhooks, 2", circle, "another-secret", header("circleci-signature", "v1=daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00"), "lalala"},
		{"circleci.com/docs/webhooks, 3", circle, "hunter123", header("circleci-signature", "v1=9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa"), "an-important-request-payload"},
		{"Standard Webhooks, v1", StandardWebhooks(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", standard, `{"test": 2432232314}`},
		{"Standard Webhooks, without whsec_", StandardWebhooks(), "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", standard, `{"test": 2432232314}`},
		{
			"ConfigCat's scheme, by Python's hmac", ConfigCat(), "configcat_whsk_VN3juirnVh5pNvCKd81RYRYchxUX4j3NykbZG2fAy88=",
			header("X-ConfigCat-Webhook-ID", "b616ca659d154a5fb907dd8475792eeb", "X-ConfigCat-Webhook-Timestamp", "1614265330", "X-ConfigCat-Webhook-Signature-V1", "XubeiBXkkrsTxIpsQltXsFt1LnloRApUQB3lixFE7pQ="), `{"configName":"Main Config"}`,
		},
		// RFC 2202 (SHA-1) and RFC 4231 (SHA-256), test case 2: the schemes of Vercel and Heroku are those sums.
		{"RFC 2202, 2", HexHMACSHA1("x-vercel-signature"), "Jefe", header("x-vercel-signature", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"), "what do ya want for nothing?"},
		{"RFC 4231, 2", Base64HMAC("Heroku-Webhook-Hmac-SHA256"), "Jefe", header("Heroku-Webhook-Hmac-SHA256", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="), "what do ya want for nothing?"},
	} {
		if err := noSecretIsTooShort(c.scheme, c.secret, c.header, c.body, sent); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if noSecretIsTooShort(c.scheme, c.secret, c.header, c.body+"\n", sent) == nil || noSecretIsTooShort(c.scheme, c.secret+"x", c.header, c.body, sent) == nil {
			t.Errorf("%s: another body or another secret is accepted", c.name)
		}
	}
}

func sum(algorithm func() hash.Hash, secret string, parts ...string) []byte {
	mac := hmac.New(algorithm, []byte(secret))
	mac.Write([]byte(strings.Join(parts, "")))
	return mac.Sum(nil)
}

func hexOf(secret, body string) string { return hex.EncodeToString(sum(sha256.New, secret, body)) }

func TestHexHMAC(t *testing.T) {
	const name, body = "X-Hub-Signature-256", `{"a":1}`
	f := accepts(t, verifier(t, HexHMAC(name, "sha256="), previous, current), body)
	good := hexOf(current, body)
	f("signed", true, name, "sha256="+good)
	f("upper-case digits", true, name, "sha256="+strings.ToUpper(good))
	f("by the previous secret", true, name, "sha256="+hexOf(previous, body))
	f("by a third secret", false, name, "sha256="+hexOf("neither of the two secrets", body))
	f("of another body", false, name, "sha256="+hexOf(current, body+" "))
	f("prefix missing", false, name, good)
	f("prefix of SHA-1", false, name, "sha1="+hex.EncodeToString(sum(sha1.New, current, body)))
	f("cut", false, name, "sha256="+good[:62])
	f("longer", false, name, "sha256="+good+"00")
	f("no hex", false, name, "sha256="+strings.Repeat("x", 64))
	f("empty", false, name, "")
	f("empty sum", false, name, "sha256=")
	f("twice", false, name, "sha256="+good, name, "sha256="+good)
	f("other header", false, "X-Hub-Signature", "sha256="+good)
	f("nothing", false)
}

// accepts runs a delivery through a verifier, before and after its body.
func accepts(t *testing.T, v Verifier, body string) func(name string, want bool, pairs ...string) {
	return func(name string, want bool, pairs ...string) {
		t.Helper()
		h := header(pairs...)
		err := v.Verify(h, []byte(body), noon)
		if (err == nil) != want || !want && !errors.Is(err, changes.ErrUnauthorized) {
			t.Errorf("%s: %v", name, err)
		}
		if want && v.VerifyHeader(h, noon) != nil {
			t.Errorf("%s: refused before the body", name)
		}
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestVersionedHexHMAC(t *testing.T) {
	const name, body = "circleci-signature", `{"a":1}`
	f := accepts(t, verifier(t, VersionedHexHMAC(name, "v1"), current), body)
	good := "v1=" + hexOf(current, body)
	f("alone", true, name, good)
	f("beside a later version", true, name, "v2=zz, "+good)
	f("before a later version", true, name, good+",v2=zz")
	f("another version alone", false, name, "v2="+good[3:])
	f("no version", false, name, good[3:])
	f("wrong beside right", false, name, "v1="+hexOf(previous, body)+","+good)
	f("right beside wrong", false, name, good+",v1=")
	f("version within a word", false, name, "xv1="+good[3:])
	f("empty list", false, name, ",,,")
}

func TestSumsOfTheBody(t *testing.T) {
	const body = `{"a":1}`
	sha1Sum, sha256Sum := sum(sha1.New, current, body), sum(sha256.New, current, body)
	f := accepts(t, verifier(t, HexHMACSHA1("x-vercel-signature"), current), body)
	f("SHA-1", true, "x-vercel-signature", hex.EncodeToString(sha1Sum))
	f("SHA-256 in place of SHA-1", false, "x-vercel-signature", hex.EncodeToString(sha256Sum))
	f("base64 in place of hex", false, "x-vercel-signature", base64.StdEncoding.EncodeToString(sha1Sum))
	f = accepts(t, verifier(t, Base64HMAC("Heroku-Webhook-Hmac-SHA256"), current), body)
	f("base64", true, "Heroku-Webhook-Hmac-SHA256", base64.StdEncoding.EncodeToString(sha256Sum))
	f("base64 without padding", false, "Heroku-Webhook-Hmac-SHA256", base64.RawStdEncoding.EncodeToString(sha256Sum))
	f("base64 with a line break", false, "Heroku-Webhook-Hmac-SHA256", base64.StdEncoding.EncodeToString(sha256Sum)+"\n ")
	f("hex in place of base64", false, "Heroku-Webhook-Hmac-SHA256", hex.EncodeToString(sha256Sum))
	f("SHA-1 in place of SHA-256", false, "Heroku-Webhook-Hmac-SHA256", base64.StdEncoding.EncodeToString(sha1Sum))
}

func TestToken(t *testing.T) {
	f := accepts(t, verifier(t, Token("Authorization"), previous, current), "")
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	f("bearer", true, "Authorization", "Bearer "+current)
	f("bearer in lower case", true, "Authorization", "bearer "+previous)
	f("alone", true, "Authorization", current)
	f("password", true, "Authorization", basic("pushback:"+current))
	f("password without a user", true, "Authorization", basic(":"+current))
	f("as the user", false, "Authorization", basic(current+":"))
	f("as both, no colon", false, "Authorization", basic(current))
	f("no base64", false, "Authorization", "Basic "+current)
	f("prefix of it", false, "Authorization", "Bearer "+current[:20])
	f("longer", false, "Authorization", "Bearer "+current+"!")
	f("no token", false, "Authorization", "Bearer ")
	f("nothing", false)
	f("two headers", false, "Authorization", "Bearer "+current, "Authorization", "Bearer "+current)
	f("other header", false, "X-Gitlab-Token", current)
	f = accepts(t, verifier(t, Token("X-Gitlab-Token"), current), "")
	f("header of its own", true, "X-Gitlab-Token", current)
	f("bearer in a header of its own", false, "X-Gitlab-Token", "Bearer "+current)
	if _, err := NewVerifier(nil, false, Token("Authorization")); !errors.Is(err, changes.ErrNoSecret) {
		t.Errorf("no secret: %v", err)
	}
}

// The first scheme of which there is a header binds.
func TestNoSchemeExcusesAnother(t *testing.T) {
	v, err := NewVerifier(files(t, current), false, StandardWebhooks(), Token("Authorization"))
	if err != nil {
		t.Fatal(err)
	}
	f := accepts(t, v, "body")
	f("a token", true, "Authorization", "Bearer "+current)
	f("a token beside a wrong signature", false, append(standardHeaders("1", "1772366400", "v1,AAAA"), "Authorization", "Bearer "+current)...)
	f("a token beside an empty signature", false, "webhook-signature", "", "Authorization", "Bearer "+current)
}

func TestInsecure(t *testing.T) {
	v, err := NewVerifier(nil, true, StandardWebhooks())
	if err != nil || errors.Join(v.VerifyHeader(nil, noon), v.Verify(nil, nil, noon)) != nil {
		t.Errorf("%v", err)
	}
}

func FuzzVerifiers(f *testing.F) {
	f.Add("sha256=00", "1772366400", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", []byte("{}"))
	f.Add("Bearer x", "-1", "v1a, v1a,", []byte{0})
	f.Add("Basic Og==", "1", "v1=00,v1=", []byte("a"))
	secrets := files(f, "a secret nobody guesses by chance", "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
	var all []Verifier
	for _, s := range []Scheme{
		HexHMAC("S", "sha256="), HexHMAC("S", ""), VersionedHexHMAC("S", "v1"), Base64HMAC("S"), HexHMACSHA1("S"),
		StandardWebhooks(), ConfigCat(), Token("Authorization"), Token("S"),
	} {
		v, err := NewVerifier(secrets[:1], false, s)
		if s.Public {
			v, err = NewVerifier(secrets, false, s)
		}
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, v)
	}
	f.Fuzz(func(t *testing.T, given, timestamp, signed string, body []byte) {
		h := header(standardHeaders("id", timestamp, signed)...)
		for _, name := range []string{"S", "Authorization", "X-ConfigCat-Webhook-Signature-V1"} {
			h.Set(name, given)
		}
		h.Set("X-ConfigCat-Webhook-ID", signed)
		h.Set("X-ConfigCat-Webhook-Timestamp", timestamp)
		for i, v := range all {
			if v.Verify(h, body, noon) == nil || v.Verify(http.Header{"S": {signed}}, body, noon) == nil {
				t.Fatalf("scheme %d is guessed", i)
			}
		}
	})
}
