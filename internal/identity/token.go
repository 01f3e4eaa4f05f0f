package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Prefix begins every named token, so that scanners of repositories find one that leaked.
const Prefix = "pbt_"

// LongestToken is the longest time for which a token can be made.
const LongestToken = 366 * 24 * time.Hour

// RandomBytes is how many random bytes a token has: nobody guesses 256 bits.
const RandomBytes = 32

// markBytes is the length of the mark that only this installation can make, in bytes.
const markBytes = 8

// alphabet has no character that ends a word, so that a double click takes the whole token.
var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Key is the installation's secret, from which the keys of marks are made.
type Key []byte

// NewToken returns a new token of random bytes, and the hash under which it is stored. The hash needs no salt and no
// slow function, because of the bytes' number.
func (k Key) NewToken(random [RandomBytes]byte) (text, hash string) {
	text = Prefix + alphabet.EncodeToString(append(random[:], k.mark(random[:])...))
	return text, sum(text)
}

// CheckToken returns the hash under which a token is stored, if this installation has made it. So a made-up token
// costs no look into the database.
func (k Key) CheckToken(text string) (hash string, ok bool) {
	encoded, has := strings.CutPrefix(text, Prefix)
	if !has || len(k) == 0 || len(encoded) != alphabet.EncodedLen(RandomBytes+markBytes) {
		return "", false
	}
	raw, err := alphabet.DecodeString(encoded) // which skips line ends
	if err != nil || len(raw) != RandomBytes+markBytes || !hmac.Equal(raw[RandomBytes:], k.mark(raw[:RandomBytes])) {
		return "", false
	}
	return sum(text), true
}

func (k Key) mark(random []byte) []byte { return k.Code("token mark", string(random))[:markBytes] }

// Code is the message authentication code of a text for one purpose.
func (k Key) Code(purpose, text string) []byte {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("pushback " + purpose + "\x00" + text))
	return h.Sum(nil)
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// tokenName matches the name of a token. It is part of addresses and of the journal.
var tokenName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

// CheckTokenName checks the name of a new token.
func CheckTokenName(name string) error {
	if !tokenName.MatchString(name) {
		return errors.New("a token's name has 1 to 63 lower-case letters, digits, dots, - and _, and begins with a letter or digit")
	}
	return nil
}

// reserved matches names that the journal has for others.
var reserved = regexp.MustCompile(`(?i)^(pushback|restore|token|rule)( |$)`)

// CheckPersonName checks the name that a provider gives for somebody who signs in: it must not be taken for
// Pushback itself, for a token or for a rule.
func CheckPersonName(name string) error {
	if reserved.MatchString(name) {
		return fmt.Errorf("the name %q is not a person's here", name)
	}
	return nil
}
