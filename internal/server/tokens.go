package server

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"os"
	"strings"
)

// minToken is the shortest token taken. A session cookie is keyed by the
// token, so a short one could be guessed offline by whoever sees a cookie.
const minToken = 16

// tokens reads the tokens file: a token a line, so that a new one can be
// added before the old one is taken out; empty lines and lines beginning with
// # are skipped. The file is read at every question, which costs some ten
// microseconds and makes a rotation, and above all a revocation, immediate.
type tokens struct{ path string }

// check tells at start what would otherwise be told at the first request.
func (t tokens) check() error {
	if t.path == "" {
		return nil
	}
	all, err := t.read()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("token file %s holds no token (a line of at least %d characters)", t.path, minToken)
	}
	return nil
}

func (t tokens) read() ([]string, error) {
	if t.path == "" {
		return nil, nil
	}
	f, err := os.Open(t.path)
	if err != nil {
		return nil, fmt.Errorf("reading the token file: %w", err)
	}
	defer f.Close()
	var all []string
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(line) < minToken {
			return nil, fmt.Errorf("token file %s, line %d: a token needs at least %d characters (try openssl rand -hex 32)", t.path, n, minToken)
		}
		all = append(all, line)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading the token file: %w", err)
	}
	return all, nil
}

// match says whether some token of the file fits. Every token is tried, and
// each in constant time, so that the time taken tells nothing of any.
func (t tokens) match(fits func(token string) bool) (bool, error) {
	all, err := t.read()
	matched := false
	for _, token := range all {
		matched = fits(token) || matched
	}
	return matched, err
}

// holds says whether given is one of the tokens. Hashes are compared, because
// comparing strings in constant time still tells their lengths.
func (t tokens) holds(given string) (bool, error) {
	sum := sha256.Sum256([]byte(given))
	return t.match(func(token string) bool {
		want := sha256.Sum256([]byte(token))
		return subtle.ConstantTimeCompare(sum[:], want[:]) == 1
	})
}

// seal gives the code that whoever holds token may put under text.
func seal(token, text string) []byte {
	h := hmac.New(sha256.New, []byte(token))
	h.Write([]byte("pushback session\x00" + text))
	return h.Sum(nil)
}
