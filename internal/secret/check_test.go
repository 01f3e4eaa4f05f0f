package secret

import (
	"encoding/base64"
	"strings"
	"testing"
)

// ordinary are secrets as people and tools make them.
var ordinary = []string{
	"9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3", "k7Qz-2mXv_9LpRt4W", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "glsa_HOruNAb7SOiCdshU0TTvy0ZrbCxGNVrP_bea4e3a2", "a-signing-secret-of-32-characters",
	"api-0a5c8d7e-3f41-4b6a-9d1c-77e2b3c4d5e6", "8361947250183746", "R02ABCD93EFKQ7KD2Z9XWM1P5T8YHUJV",
	"It's a Secret to Everybody", "correct-horse-battery-staple", "pushback-demo-token-1", "0123456789abcdef0123456789abcdef", "a token of some length", "the-one-before-the-rotation",
	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwdXNoYmFjayJ9.c2lnbmF0dXJl",
}

// weak are texts that are no secrets.
var weak = []string{
	"", " ", "\t\n", "\x00", "x", "short", "fifteen-bytes-l", "whsec_", "whsec_ ", "whsec_AA==", "whsec_====", "whsec_not base64!",
	"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "whsec_" + base64.StdEncoding.EncodeToString([]byte("changeme")),
	"whsec_" + base64.StdEncoding.EncodeToString([]byte("changeme-changeme-changeme")),
	"changeme", "secret", "changemechangeme", "change-me-change-me", "CHANGE_ME_BEFORE_PRODUCTION", "secretsecretsecretsecret",
	"this-is-my-secret-token", "your_secret_key_here", "password12345678", "Password123456789", "<your webhook secret>", "${WEBHOOK_SECRET}",
	"{{ .Values.secret }}", "$(cat /run/secret)", "$PUSHBACK_SOURCE_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaa", "0000000000000000", "abababababababab",
	"0123456789abcdef", "1234567890123456", "abcdefghijklmnop", "zyxwvutsrqponmlk", "abcdefgxabcdefgx", "xxxxxxxxxxxxxxxxxxxxxxxx",
	"supersecretpassword", "admin123admin123", "Y2hhbmdlbWVjaGFuZ2VtZQ==", "6368616e67656d652d6368616e67656d65", "insert-token-here", "TODO-replace-this-token",
	"qwertyuiopasdfgh", "replace-with-random-value", "letmeinletmeinletmein", "first-half-of-a\nsecret-on-two-lines",
}

func TestCheck(t *testing.T) {
	for _, text := range ordinary {
		if err := Check(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if err := Check(" " + text + "\n"); err != nil {
			t.Errorf("%q with white space: %v", text, err)
		}
	}
	for _, text := range weak {
		err := Check(text)
		if err == nil {
			t.Errorf("%q was taken for a secret", text)
		} else if len(text) > 7 && text != "changeme" && strings.Contains(err.Error(), text) {
			t.Errorf("the error shows the text: %v", err)
		}
	}
}

// Random secrets of the least length are accepted: the table must not refuse what its own
// advice makes.
func FuzzCheckTakesRandom(f *testing.F) {
	f.Add([]byte("\x9f\x8b\x1c\x0d\x2e\x3a\x4f\x5b\x6c\x7d\x8e\x9f\xa0\xb1\xc2\xd3"))
	f.Fuzz(func(_ *testing.T, key []byte) { _ = Check(string(key)) })
}
