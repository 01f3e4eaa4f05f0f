package signature

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"
)

var old, current = []byte("the old one"), []byte("the current one")

func TestHMAC(t *testing.T) {
	// GitHub's published vector: docs.github.com, "Validating webhook deliveries".
	secret, body := []byte("It's a Secret to Everybody"), []byte("Hello, World!")
	const sum = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	f := func(name string, secrets [][]byte, prefix, given string, body []byte, ok bool) {
		t.Helper()
		if err := HMAC(secrets, prefix, given, body); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	one := [][]byte{secret}
	f("published vector", one, "sha256=", "sha256="+sum, body, true)
	f("no prefix", one, "", sum, body, true)
	f("upper-case digits", one, "sha256=", "sha256="+strings.ToUpper(sum), body, true)
	f("rotated in", [][]byte{old, secret}, "sha256=", "sha256="+sum, body, true)
	f("rotated out", [][]byte{secret, current}, "sha256=", "sha256="+sum, body, true)
	f("other secret", [][]byte{old, current}, "sha256=", "sha256="+sum, body, false)
	f("no secret", nil, "sha256=", "sha256="+sum, body, false)
	f("prefix missing", one, "sha256=", sum, body, false)
	f("prefix of SHA-1", one, "sha256=", "sha1="+sum, body, false)
	f("cut", one, "sha256=", "sha256="+sum[:62], body, false)
	f("longer", one, "sha256=", "sha256="+sum+"00", body, false)
	f("no hex", one, "sha256=", "sha256="+strings.Repeat("x", 64), body, false)
	f("empty", one, "sha256=", "", body, false)
	f("empty sum", one, "sha256=", "sha256=", body, false)
	f("other body", one, "sha256=", "sha256="+sum, []byte("Hello, World!\n"), false)
}

// The Standard Webhooks specification's published vector.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func headers(id, timestamp, signature string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", timestamp)
	h.Set("webhook-signature", signature)
	return h
}

func TestStandard(t *testing.T) {
	const id, at = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
	sent := time.Unix(1614265330, 0)
	f := func(name, secret string, h http.Header, body string, now time.Time, ok bool) {
		t.Helper()
		if err := Standard([][]byte{old, []byte(secret)}, h, []byte(body), now); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := headers(id, at, vectorSignature)
	f("published vector", vectorSecret, good, vectorBody, sent, true)
	f("without whsec_", strings.TrimPrefix(vectorSecret, "whsec_"), good, vectorBody, sent, true)
	f("second of two", vectorSecret, headers(id, at, "v1a,xx v1,AAAA "+vectorSignature), vectorBody, sent, true)
	f("5 min late", vectorSecret, good, vectorBody, sent.Add(Tolerance), true)
	f("5 min early", vectorSecret, good, vectorBody, sent.Add(-Tolerance), true)
	f("too late", vectorSecret, good, vectorBody, sent.Add(Tolerance+time.Second), false)
	f("too early", vectorSecret, good, vectorBody, sent.Add(-Tolerance-time.Second), false)
	f("other secret", "whsec_"+base64.StdEncoding.EncodeToString(current), good, vectorBody, sent, false)
	f("other body", vectorSecret, good, vectorBody+" ", sent, false)
	f("other id", vectorSecret, headers("msg_x", at, vectorSignature), vectorBody, sent, false)
	f("other time", vectorSecret, headers(id, "1614265331", vectorSignature), vectorBody, sent, false)
	f("version unknown", vectorSecret, headers(id, at, "v2"+vectorSignature[2:]), vectorBody, sent, false)
	f("no version", vectorSecret, headers(id, at, vectorSignature[3:]), vectorBody, sent, false)
	f("no signature", vectorSecret, headers(id, at, ""), vectorBody, sent, false)
	f("no id", vectorSecret, headers("", at, vectorSignature), vectorBody, sent, false)
	f("time is a word", vectorSecret, headers(id, "now", vectorSignature), vectorBody, sent, false)
	f("time with a sign", vectorSecret, headers(id, "+"+at, vectorSignature), vectorBody, sent, false)
	f("time with a zero before it", vectorSecret, headers(id, "0"+at, vectorSignature), vectorBody, sent, false)
	for name := range good {
		twice := good.Clone()
		twice.Add(name, good.Get(name))
		f(name+" twice", vectorSecret, twice, vectorBody, sent, false)
	}
	f("time overflows", vectorSecret, headers(id, "9223372036854775807", vectorSignature), vectorBody, sent, false)
	f("time underflows", vectorSecret, headers(id, "-9223372036854775808", vectorSignature), vectorBody, sent, false)
	if Standard(nil, good, []byte(vectorBody), sent) == nil {
		t.Error("no secret: accepted")
	}
}

// A secret that is no base64 is used as it is: what operators make by hand.
func TestStandardTakesRawSecrets(t *testing.T) {
	secret, now := []byte("not base64!"), time.Unix(1614265330, 0)
	signed, err := webhook(secret).Sign("id", now, []byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Standard([][]byte{secret}, headers("id", "1614265330", signed), []byte("body"), now); err != nil {
		t.Error(err)
	}
}

func TestBearer(t *testing.T) {
	f := func(name, authorization string, ok bool) {
		t.Helper()
		h := http.Header{}
		h.Set("Authorization", authorization)
		if err := Bearer([][]byte{old, current}, h); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("current", "Bearer the current one", true)
	f("old", "Bearer the old one", true)
	f("scheme in lower case", "bearer the old one", true)
	f("prefix of it", "Bearer the old", false)
	f("longer", "Bearer the old one!", false)
	f("no token", "Bearer ", false)
	f("no scheme", "the old one", false)
	f("basic", "Basic the old one", false)
	f("nothing", "", false)
	h := http.Header{"Authorization": {"Bearer the old one", "Bearer x"}}
	if Bearer([][]byte{old}, h) == nil {
		t.Error("two tokens: accepted")
	}
	h.Set("Authorization", "Bearer ")
	if Bearer(nil, h) == nil {
		t.Error("no secret: accepted")
	}
}

// CircleCI's published vectors: circleci.com/docs/guides/integration/outbound-webhooks, "Validating webhooks".
func TestHexHMACList(t *testing.T) {
	scheme := HexHMACList("Circleci-Signature", "v1")
	f := func(name, secret, given, body string, ok bool) {
		t.Helper()
		h := http.Header{"Circleci-Signature": {given}}
		err := scheme.Header(func() [][]byte { return nil }, h, time.Time{})
		if err == nil {
			err = scheme.Body([][]byte{old, []byte(secret)}, h, []byte(body), time.Time{})
		}
		if (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("published vector 1", "secret", "v1=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a", "hello world", true)
	f("published vector 2", "another-secret", "v1=daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00", "lalala", true)
	f("published vector 3", "hunter123", "v1=9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa", "an-important-request-payload", true)
	f("a newer version beside it", "secret", "v2=00, v1=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a ,v3=", "hello world", true)
	f("twice", "secret", "v1=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a,v1=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a", "hello world", false)
	f("another version", "secret", "v2=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a", "hello world", false)
	f("no version", "secret", "734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a", "hello world", false)
	f("empty", "secret", "", "hello world", false)
	f("empty sum", "secret", "v1=", "hello world", false)
	f("no hex", "secret", "v1=x,v1=734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a", "hello world", false)
}

func FuzzVerifiers(f *testing.F) {
	f.Add("sha256=00", "1614265330", vectorSignature, []byte(vectorBody))
	f.Add("Bearer x", "-1", "v1, v1,", []byte{0})
	f.Fuzz(func(t *testing.T, given, timestamp, signed string, body []byte) {
		secrets := [][]byte{[]byte("a secret nobody guesses by chance")}
		h := headers("id", timestamp, signed)
		h.Set("Authorization", given)
		if HMAC(secrets, "sha256=", given, body) == nil || Bearer(secrets, h) == nil ||
			Standard(secrets, h, body, time.Unix(1614265330, 0)) == nil {
			t.Fatal("guessed")
		}
	})
}
