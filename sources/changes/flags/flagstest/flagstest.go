// Package flagstest holds the sources of flags to the contract of all sources, and has what
// their tests share.
package flagstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/changestest"
	"github.com/pushback/pushback/sources/changes/flags"
)

// Noon is the moment of the fixtures.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// New is the function of a source's folder.
type New func(changes.Options, flags.Config) (*flags.Source, error)

// Contract runs the contract suite of change sources. Of the subject it needs the signatures, what
// was delivered, and when and where.
func Contract(t *testing.T, open New, s changestest.Subject) {
	s.Kind = sources.Flag
	s.New = func(c changestest.Config) (changes.Source, error) {
		return open(changes.Options{Name: changestest.Name}, flags.Config{SecretFiles: c.SecretFiles, Insecure: c.Insecure, Service: "cart", Scope: c.Scope})
	}
	changestest.Run(t, s)
}

// Open makes a source that needs no signature.
func Open(t testing.TB, open New, c flags.Config) *flags.Source {
	t.Helper()
	c.Insecure = true
	s, err := open(changes.Options{Name: "flags"}, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Fixture reads a file of testdata.
func Fixture(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Replaced is text with the only place of old replaced. It fails the test if there is none: a test
// that changes nothing shows nothing.
func Replaced(t testing.TB, text, old, now string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("there is no %s", old)
	}
	return strings.Replace(text, old, now, 1)
}

// Versions checks the one event of a body: what the flag served before and serves now.
func Versions(t testing.TB, s *flags.Source, name, body, before, now string) {
	t.Helper()
	got, err := s.Parse(http.Header{}, []byte(body))
	if err != nil || len(got) != 1 {
		t.Errorf("%s: %+v, %v", name, got, err)
		return
	}
	if got[0].Previous != before || got[0].Version != now {
		t.Errorf("%s: %q to %q, want %q to %q", name, got[0].Previous, got[0].Version, before, now)
	}
}

// Equal checks the events of a delivery, all of them.
func Equal(t testing.TB, s *flags.Source, h http.Header, body string, want ...sources.Event) {
	t.Helper()
	got, err := s.Parse(h, []byte(body))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// Refused checks that a body is refused, ErrIgnored where want is empty, else with that reason.
func Refused(t testing.TB, s *flags.Source, name, body, want string) {
	t.Helper()
	got, err := s.Parse(http.Header{}, []byte(body))
	bad := (*sources.BadEvent)(nil)
	switch {
	case got != nil:
		t.Errorf("%s: gave %+v", name, got)
	case want == "" && !errors.Is(err, changes.ErrIgnored):
		t.Errorf("%s: %v, want ErrIgnored", name, err)
	case want != "" && (!errors.As(err, &bad) || !strings.Contains(bad.Reason, want)):
		t.Errorf("%s: %v, want a BadEvent with %q", name, err, want)
	}
}

// Hex signs a body by hex HMAC-SHA256 in a header.
func Hex(header string) changestest.Signature {
	return changestest.Signature{Name: header, Body: true, Sign: func(secret string, body []byte, _ time.Time) http.Header {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		h := http.Header{}
		h.Set(header, hex.EncodeToString(mac.Sum(nil)))
		return h
	}}
}

// Bearer is a token in Authorization.
var Bearer = changestest.Signature{Name: "token", Sign: func(secret string, _ []byte, _ time.Time) http.Header {
	return http.Header{"Authorization": {"Bearer " + secret}}
}}

// Fuzz holds a source to what must be true of every body: an error of a known kind, or
// complete events.
func Fuzz(f *testing.F, open New, h http.Header, seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	s := Open(f, open, flags.Config{Service: "cart", Scope: changes.Scope{Rollout: time.Minute}})
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := s.Parse(h, body)
		bad := (*sources.BadEvent)(nil)
		if err != nil && !errors.Is(err, changes.ErrIgnored) && !errors.As(err, &bad) {
			t.Fatalf("%v is no BadEvent", err)
		}
		for _, e := range events {
			if e.Kind != sources.Flag || e.Group == "" || e.Version == "" || e.EventID == "" || e.At.IsZero() {
				t.Fatalf("incomplete: %+v", e)
			}
		}
	})
}
