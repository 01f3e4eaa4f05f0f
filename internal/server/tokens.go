package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"

	"github.com/pushback/pushback/internal/boundedfile"
	"github.com/pushback/pushback/internal/secret"
)

// maxTokenFile is the size of the largest token file, in bytes.
const maxTokenFile = 64 << 10

// tokens reads the token file: one token a line, so that a new one can be added
// before the old one is removed. Empty lines and lines that begin with # are skipped.
// The file is read at every use, which takes about ten microseconds, so that a
// removed token is refused at once. A weak token is refused as every other secret is, also
// because whoever has a session's cookie could guess the token at home.
type tokens struct{ path string }

// CheckTokens checks the token file at a path, as New does. "" is no file, which has no
// mistake.
func CheckTokens(path string) error { return tokens{path}.check() }

// check finds at start the mistakes that would fail the first request.
func (t tokens) check() error {
	if t.path == "" {
		return nil
	}
	all, err := t.read()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("token file %s holds no token (write one a line, of at least %d characters)", t.path, secret.MinBytes)
	}
	return nil
}

func (t tokens) read() ([]string, error) {
	if t.path == "" {
		return nil, nil
	}
	text, err := boundedfile.Read(t.path, maxTokenFile)
	if err != nil {
		return nil, fmt.Errorf("read the token file: %w", err)
	}
	var all []string
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := secret.Check(line); err != nil {
			return nil, fmt.Errorf("token file %s, line %d: %w", t.path, n, err)
		}
		all = append(all, line)
	}
	return all, nil
}

// match says whether fits is true for some token of the file. It tries every
// token, so that the time taken says nothing about which one fits.
func (t tokens) match(fits func(token string) bool) (bool, error) {
	all, err := t.read()
	matched := false
	for _, token := range all {
		matched = fits(token) || matched
	}
	return matched, err
}

// holds says whether given is one of the tokens. It compares hashes, because the
// time of a constant-time comparison of the strings would depend on their lengths.
func (t tokens) holds(given string) (bool, error) {
	sum := sha256.Sum256([]byte(given))
	return t.match(func(token string) bool {
		want := sha256.Sum256([]byte(token))
		return subtle.ConstantTimeCompare(sum[:], want[:]) == 1
	})
}

// authCode returns the message authentication code of text under token.
func authCode(token, text string) []byte {
	h := hmac.New(sha256.New, []byte(token))
	h.Write([]byte("pushback session\x00" + text))
	return h.Sum(nil)
}

// HoldsToken says whether given is a line of the token file at a path. It takes as long for a
// wrong token as for a right one. An error means that nobody can tell.
func HoldsToken(path, given string) (bool, error) { return tokens{path}.holds(given) }
