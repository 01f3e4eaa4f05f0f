package signature_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	. "github.com/pushback/pushback/sources/changes/signature"
)

func configCat(secret, id, timestamp, body string) string {
	return base64.StdEncoding.EncodeToString(sum(sha256.New, secret, id, timestamp, body))
}

func TestConfigCat(t *testing.T) {
	const prefix, body, at = "X-ConfigCat-Webhook-", `{"a":1}`, "1772366400"
	f := accepts(t, verifier(t, ConfigCat(), previous, current), body)
	sent := func(id, timestamp, signature string) []string {
		return []string{prefix + "ID", id, prefix + "Timestamp", timestamp, prefix + "Signature-V1", signature}
	}
	good := configCat(current, "7", at, body)
	f("signed", true, sent("7", at, good)...)
	f("one of two", true, sent("7", at, configCat("a secret of nobody here", "7", at, body)+","+good)...)
	f("by the previous secret", true, sent("7", at, configCat(previous, "7", at, body))...)
	f("other id", false, sent("8", at, good)...)
	f("no id", false, sent("", at, good)...)
	f("other time", false, sent("7", "1772366401", good)...)
	// Nothing stands between id, timestamp and body: their digits could be moved.
	f("a digit of the time in the id", false, sent("71", "772366400", good)...)
	f("a digit of the id in the time", false, sent("", "71772366400", good)...)
	for _, shifted := range []struct{ id, at string }{{"7", "177236640"}, {"", at}} {
		signature := configCat(current, shifted.id, shifted.at, "0"+body)
		f("shifted into the body", false, sent(shifted.id, shifted.at, signature)...)
	}
	f("too old", false, sent("7", "1772366099", configCat(current, "7", "1772366099", body))...)
	f("too new", false, sent("7", "1772366701", configCat(current, "7", "1772366701", body))...)
	f("time with a sign", false, sent("7", "+"+at, configCat(current, "7", "+"+at, body))...)
	f("no signature", false, sent("7", at, "")...)
	f("commas", false, sent("7", at, ",,,")...)
	f("too many", false, sent("7", at, strings.Repeat(good+",", 9)+good)...)
}

func standardHeaders(id, timestamp, signature string) []string {
	return []string{"webhook-id", id, "webhook-timestamp", timestamp, "webhook-signature", signature}
}

func signStandard(secret, id, timestamp, body string) string {
	return "v1," + base64.StdEncoding.EncodeToString(sum(sha256.New, secret, id, ".", timestamp, ".", body))
}

func TestStandardWebhooks(t *testing.T) {
	const id, at, body = "msg_1", "1772366400", `{"a":1}`
	f := accepts(t, verifier(t, StandardWebhooks(), previous, current), body)
	good := signStandard(current, id, at, body)
	f("signed with a secret that is no base64", true, standardHeaders(id, at, good)...)
	f("by the previous secret", true, standardHeaders(id, at, signStandard(previous, id, at, body))...)
	f("last of three", true, standardHeaders(id, at, "v1a,xx v1,AAAA "+good)...)
	for _, at := range []string{"1772366100", "1772366700"} {
		f("five minutes away", true, standardHeaders(id, at, signStandard(current, id, at, body))...)
	}
	for _, at := range []string{"1772366099", "1772366701", "9223372036854775807", "-9223372036854775808", "now", "+1772366400", "01772366400", ""} {
		f("time "+at, false, standardHeaders(id, at, signStandard(current, id, at, body))...)
	}
	f("other id", false, standardHeaders("msg_2", at, good)...)
	f("no id", false, standardHeaders("", at, signStandard(current, "", at, body))...)
	f("other body", false, standardHeaders(id, at, signStandard(current, id, at, body+" "))...)
	f("version unknown", false, standardHeaders(id, at, "v2"+good[2:])...)
	f("an HMAC called v1a", false, standardHeaders(id, at, "v1a"+good[2:])...)
	f("no version", false, standardHeaders(id, at, good[3:])...)
	f("no signature", false, standardHeaders(id, at, "")...)
	f("more signatures than anybody has keys", false, standardHeaders(id, at, strings.Repeat("v1,AAAA ", 8)+good)...)
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		all := header(standardHeaders(id, at, good)...)
		f(name+" twice", false, append(standardHeaders(id, at, good), name, all.Get(name))...)
	}
}

func TestPublicKeys(t *testing.T) {
	const id, at, body = "msg_1", "1772366400", `{"a":1}`
	seed := sha256.Sum256([]byte("a seed for this test"))
	private := ed25519.NewKeyFromSeed(seed[:])
	key := "whpk_" + base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	sign := func(id, at, body string) string {
		return "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(id+"."+at+"."+body)))
	}
	f := accepts(t, verifier(t, StandardWebhooks(), current, key), body)
	f("signed with the private key", true, standardHeaders(id, at, sign(id, at, body))...)
	f("beside one of another key", true, standardHeaders(id, at, "v1a,AAAA v1a,"+strings.Repeat("A", 86)+"== "+sign(id, at, body))...)
	f("HMAC by the shared secret", true, standardHeaders(id, at, signStandard(current, id, at, body))...)
	f("other body", false, standardHeaders(id, at, sign(id, at, body+" "))...)
	f("other id", false, standardHeaders("msg_2", at, sign(id, at, body))...)
	f("too old", false, standardHeaders(id, "1772366099", sign(id, "1772366099", body))...)
	f("called v1", false, standardHeaders(id, at, "v1,"+strings.TrimPrefix(sign(id, at, body), "v1a,"))...)
	// Everybody may know a public key: it must be neither an HMAC's key nor a token.
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whpk_"))
	for _, known := range []string{key, strings.TrimPrefix(key, "whpk_"), string(raw)} {
		f("HMAC by the public key", false, standardHeaders(id, at, signStandard(known, id, at, body))...)
	}
	v, err := NewVerifier(files(t, current, key), false, StandardWebhooks(), Token("Authorization"))
	if err != nil {
		t.Fatal(err)
	}
	f = accepts(t, v, body)
	f("a token beside it", true, "Authorization", "Bearer "+current)
	f("the public key as a token", false, "Authorization", "Bearer "+key)
}

// The key is that of RFC 8032, section 7.1, test 1. OpenSSL 3 made the signature.
func TestPublicKeyOfAnotherProgram(t *testing.T) {
	const key = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
	h := header(standardHeaders("msg_1", "1772366400", "v1a,bUjoKPO1Tj1apr9gr+76J3dsSyY72FULqn/9+SPrdqo68FjF2wsW8mf6pSMDoLdHcC4AsnoB7B+RiLhNLTh/AA==")...)
	v := verifier(t, StandardWebhooks(), key)
	if err := v.Verify(h, []byte(`{"a":1}`), noon); err != nil {
		t.Error(err)
	}
	if v.Verify(h, []byte(`{"a":2}`), noon) == nil {
		t.Error("another body is accepted")
	}
}

func TestPublicKeysAreRefusedElsewhere(t *testing.T) {
	key := "whpk_" + base64.StdEncoding.EncodeToString(sum(sha256.New, "x", "y"))
	f := func(name, secret, want string, schemes ...Scheme) {
		t.Helper()
		_, err := NewVerifier(files(t, secret), false, schemes...)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), "secret_files: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f("a source of Standard Webhooks", key, "", StandardWebhooks(), Token("Authorization"))
	f("a source of another scheme", key, "needs a shared secret", HexHMAC("X-Hub-Signature-256", "sha256="))
	f("no key behind it", "whpk_a7f3Kq9ZxT2mLw8R", "not an Ed25519 key", StandardWebhooks())
}
