// Package changestest is the contract of every change source, as tests, so that
// the server treats all tools alike:
//
//   - a source without a secret is refused, unless its settings say insecure
//   - VerifyHeader refuses what has no signature, or an old one, before there is a body,
//     and nothing that Verify takes
//   - Verify reads the raw bytes, parses nothing, and accepts any of the secrets
//   - whatever is not signed is changes.ErrUnauthorized, which says no more
//   - Parse answers hostile bodies with a *sources.BadEvent of one line, which
//     repeats no value of the body
//   - a delivery that reports no change is changes.ErrIgnored
//   - the same body gives the same events, whatever the delivery's headers say
//   - sources.Admit takes every event of a real delivery
//
// How large a body may be is the server's to check, before a source sees it.
package changestest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// Name is what New must call the source.
const Name = "under-test"

// The secrets that the suite writes into files.
const (
	secret  = "correct-horse-battery-staple"
	another = "the-secret-before-the-rotation"
)

// Config is what the suite sets of a source's settings.
type Config struct {
	SecretFiles []string
	Insecure    bool
	Scope       changes.Scope
}

// Delivery is one request of the tool, unsigned.
type Delivery struct {
	Header http.Header // what says which kind of delivery it is; nil for none
	Body   string
}

// Signature is one way in which the tool proves who it is.
type Signature struct {
	Name  string
	Sign  func(secret string, body []byte, at time.Time) http.Header
	Body  bool // the proof depends on the body
	Timed bool // the proof ends with time
}

// Subject is a source and what its tool sends.
type Subject struct {
	New        func(Config) (changes.Source, error)
	Signatures []Signature
	Started    Delivery     // reports that a change in Environment began; without a body: the tool reports ends alone
	Succeeded  Delivery     // reports that the same change succeeded
	Kind       sources.Kind // of the change; "": a deploy
	Ignored    []Delivery
	Volatile   []string  // headers that the tool renews when it repeats a delivery
	At         time.Time // of Succeeded
	// Environment is the tool's own word for where it deployed.
	Environment string
}

// Run holds the subject to the contract.
func Run(t *testing.T, s Subject) {
	t.Run("settings", s.testSettings)
	t.Run("insecure", s.testInsecure)
	for _, signature := range s.Signatures {
		t.Run("signed by "+signature.Name, func(t *testing.T) { s.testSignature(t, signature) })
	}
	t.Run("unsigned", s.testUnsigned)
	t.Run("rotation", s.testRotation)
	t.Run("events", s.testEvents)
	t.Run("repeated delivery", s.testRepeated)
	t.Run("ignored", s.testIgnored)
	t.Run("scope", s.testScope)
	t.Run("hostile bodies", s.testHostileBodies)
	t.Run("hostile values", s.testHostileValues)
	t.Run("concurrent calls", s.testConcurrent)
}

// secretFiles writes one file for each secret.
func secretFiles(t *testing.T, secrets ...string) []string {
	t.Helper()
	dir, files := t.TempDir(), []string(nil)
	for i, text := range secrets {
		file := filepath.Join(dir, fmt.Sprint("file", i))
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func (s Subject) source(t *testing.T, scope changes.Scope) changes.Source {
	t.Helper()
	source, err := s.New(Config{SecretFiles: secretFiles(t, secret), Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// parse returns the events of a delivery that the source must take. It fails the
// test where the source changes the body, which is stored as it came.
func parse(t *testing.T, source changes.Source, d Delivery) []sources.Event {
	t.Helper()
	body := []byte(d.Body)
	events, err := source.Parse(d.header(), body)
	if err != nil || len(events) == 0 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	if !bytes.Equal(body, []byte(d.Body)) {
		t.Error("Parse changed the body")
	}
	return events
}

func (d Delivery) header() http.Header {
	if d.Header == nil {
		return http.Header{}
	}
	return d.Header.Clone()
}

// checkBad fails unless err is a *sources.BadEvent of one short line that holds
// neither the secret nor any of the values.
func checkBad(t *testing.T, name string, err error, values ...string) {
	t.Helper()
	bad := (*sources.BadEvent)(nil)
	if !errors.As(err, &bad) {
		t.Errorf("%s: the error is %v, want a BadEvent", name, err)
		return
	}
	if len(bad.Reason) > 300 || strings.ContainsAny(bad.Reason, "\n\r\x00") {
		t.Errorf("%s: the reason is not one short line: %.400q", name, bad.Reason)
	}
	for _, value := range append(values, secret) {
		if strings.Contains(bad.Reason, value) {
			t.Errorf("%s: the reason %q repeats %q", name, bad.Reason, value)
		}
	}
}
