package changestest

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources/changes"
)

// tooOld is longer than any tool's proof holds.
const tooOld = time.Hour

func (s Subject) testSettings(t *testing.T) {
	f := func(key string, c Config) {
		t.Helper()
		source, err := s.New(c)
		if err == nil {
			t.Errorf("%s: a source %v was made", key, source)
		} else if !strings.HasPrefix(err.Error(), key) || strings.Contains(err.Error(), secret) {
			t.Errorf("the error must begin with the key %s and hold no secret: %v", key, err)
		}
	}
	file := secretFiles(t, secret)
	f("insecure", Config{SecretFiles: file, Insecure: true})
	f("secret_files", Config{SecretFiles: []string{filepath.Join(t.TempDir(), "absent")}})
	f("services", Config{SecretFiles: file, Scope: changes.Scope{Services: []string{"[a"}}})
	f("change_kind", Config{SecretFiles: file, Scope: changes.Scope{Kind: "infra"}})
	f("rollout", Config{SecretFiles: file, Scope: changes.Scope{Rollout: -time.Second}})
	if _, err := s.New(Config{}); !errors.Is(err, changes.ErrNoSecret) {
		t.Errorf("without a secret: %v, want ErrNoSecret", err)
	}
}

func (s Subject) testInsecure(t *testing.T) {
	source, err := s.New(Config{Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(source.VerifyHeader(http.Header{}, s.At), source.Verify(http.Header{}, []byte(s.Succeeded.Body), s.At)); err != nil {
		t.Errorf("an unsigned delivery: %v", err)
	}
}

func (s Subject) testSignature(t *testing.T, by Signature) {
	source, body := s.source(t, changes.Scope{}), []byte(s.Succeeded.Body)
	f := func(name string, want bool, h http.Header, body []byte, now time.Time) {
		t.Helper()
		err := source.Verify(h, body, now)
		if want {
			err = errors.Join(err, source.VerifyHeader(h, now))
		}
		if want && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !want {
			checkUnauthorized(t, name, err)
		}
	}
	signed := by.Sign(secret, body, s.At)
	f("as signed", true, signed, body, s.At)
	f("by another secret", false, by.Sign(another, body, s.At), body, s.At)
	f("by a longer secret", false, by.Sign(secret+"x", body, s.At), body, s.At)
	f("one byte more in the body", !by.Body, signed, append(body[:len(body):len(body)], ' '), s.At)
	f("a cut body", !by.Body, signed, body[:len(body)-1], s.At)
	f("long afterwards", !by.Timed, signed, body, s.At.Add(tooOld))
	f("long before", !by.Timed, signed, body, s.At.Add(-tooOld))
	for name := range signed {
		cut, without := signed.Clone(), signed.Clone()
		cut.Set(name, signed.Get(name)[:len(signed.Get(name))/2])
		without.Del(name)
		f("half of "+name, false, cut, body, s.At)
		f("without "+name, false, without, body, s.At)
	}
	if by.Timed {
		checkUnauthorized(t, "long afterwards, before the body", source.VerifyHeader(signed, s.At.Add(tooOld)))
	}
	// Verify must not look into what nobody has vouched for yet.
	for _, raw := range []string{"", "payload=1", "\x00\xff", `{"a":`, strings.Repeat("[", 1<<20)} {
		f("a signed body that is no JSON", true, by.Sign(secret, []byte(raw), s.At), []byte(raw), s.At)
	}
}

func (s Subject) testUnsigned(t *testing.T) {
	source := s.source(t, changes.Scope{})
	checkUnauthorized(t, "no header", source.Verify(http.Header{}, []byte(s.Succeeded.Body), s.At))
	checkUnauthorized(t, "no header, before the body", source.VerifyHeader(http.Header{}, s.At))
	checkUnauthorized(t, "the tool's own headers, before the body", source.VerifyHeader(s.Succeeded.header(), s.At))
	checkUnauthorized(t, "the tool's own headers", source.Verify(s.Succeeded.header(), []byte(s.Succeeded.Body), s.At))
}

// checkUnauthorized fails unless err says ErrUnauthorized and nothing else:
// whoever guesses a secret must not learn how near the guess was.
func checkUnauthorized(t *testing.T, name string, err error) {
	t.Helper()
	if !errors.Is(err, changes.ErrUnauthorized) || err.Error() != changes.ErrUnauthorized.Error() {
		t.Errorf("%s: %v, want ErrUnauthorized alone", name, err)
	}
}

func (s Subject) testRotation(t *testing.T) {
	source, err := s.New(Config{SecretFiles: secretFiles(t, another, secret)})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(s.Succeeded.Body)
	for _, by := range s.Signatures {
		for _, each := range []string{secret, another} {
			if err := source.Verify(by.Sign(each, body, s.At), body, s.At); err != nil {
				t.Errorf("%s, by one of two secrets: %v", by.Name, err)
			}
		}
		checkUnauthorized(t, by.Name+", by a third secret", source.Verify(by.Sign("a third secret", body, s.At), body, s.At))
	}
}
