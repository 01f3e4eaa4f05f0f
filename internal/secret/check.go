package secret

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// MinBytes is the length of the shortest secret that is accepted, and of the key that a
// secret in base64 stands for. Whoever has one signature can try short secrets at home,
// billions a second.
const MinBytes = 16

// minDistinct is the fewest different characters of a secret. Of 16 random digits in hex,
// fewer than five differ once in a million times.
const minDistinct = 5

// How is what every refusal advises.
const How = "make one with `openssl rand -hex 32`"

// Check refuses a text that is no secret: empty, too short, easily guessed, a placeholder
// that nobody has replaced, or a whsec_ key that decodes to too little. It serves every secret
// that lets somebody in or signs something: tokens, secrets of sources, hooks and receivers.
// Its error never contains the text.
//
// See adr/0096.
func Check(text string) error {
	switch trimmed := strings.TrimSpace(text); {
	case trimmed == "":
		return errors.New("it is empty: " + How)
	case strings.ContainsAny(trimmed, "\n\r\x00"):
		return errors.New("it has more than one line, or a NUL: a secret is one line")
	case strings.HasPrefix(trimmed, whsec):
		return checkEncoded(strings.TrimPrefix(trimmed, whsec))
	default:
		return checkGuess(trimmed)
	}
}

// whsec begins a key in base64, as the Standard Webhooks specification writes it.
const whsec = "whsec_"

func checkEncoded(encoded string) error {
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return errors.New("it begins with whsec_, but the rest is not base64: make one with `echo whsec_$(openssl rand -base64 32)`")
	}
	if err := checkGuess(string(key)); err != nil {
		return fmt.Errorf("the key behind whsec_: %w", err)
	}
	return nil
}

// checkGuess refuses what is guessed first.
func checkGuess(text string) error {
	switch {
	case len(text) < MinBytes:
		return fmt.Errorf("it is %d bytes long, and needs at least %d: %s", len(text), MinBytes, How)
	case template.MatchString(text):
		return errors.New("it is a placeholder that nothing has filled in: " + How)
	case monotonous(text):
		return errors.New("it repeats or counts, and is easily guessed: " + How)
	case placeholder(text) || encodedPlaceholder(text):
		return errors.New("it is a placeholder such as changeme, and is easily guessed: " + How)
	}
	return nil
}

// encodedPlaceholder says whether a text is a placeholder in base64 or in hex. Signatures of
// Standard Webhooks are made with what base64 stands for, also without whsec_.
func encodedPlaceholder(text string) bool {
	for _, decode := range []func(string) ([]byte, error){base64.StdEncoding.DecodeString, hex.DecodeString} {
		key, err := decode(text)
		if err == nil && isText(key) && (placeholder(string(key)) || monotonous(string(key))) {
			return true
		}
	}
	return false
}

// isText says whether a key has printable ASCII only, as hardly any random one has.
func isText(key []byte) bool {
	return !slices.ContainsFunc(key, func(b byte) bool { return b < ' ' || b > '~' })
}

// template matches what a tool should have replaced: ${SECRET}, {{ secret }}, <your token>.
var template = regexp.MustCompile(`^(\$\{.*\}|\$\(.*\)|\$[A-Z_]+|\{\{.*\}\}|<.*>|%[A-Za-z_]+%|\[.*\])$`)

// monotonous says whether a text has few different characters, repeats a short part, or
// counts up or down.
func monotonous(text string) bool {
	distinct, steps := map[byte]bool{}, 0
	for i := range len(text) {
		distinct[text[i]] = true
		if i > 0 && adjoins(text[i-1], text[i]) {
			steps++
		}
	}
	counted := len(text) < 2*MinBytes && 4*steps >= 3*(len(text)-1)
	return len(distinct) < minDistinct || counted || repeats(text)
}

// adjoins says whether b is a, or the next or last character, where digits and letters are
// counted in a circle.
func adjoins(a, b byte) bool {
	d := int(a) - int(b)
	return d >= -1 && d <= 1 || a == '9' && (b == '0' || b|0x20 == 'a') || a|0x20 == 'z' && (b|0x20 == 'a' || b == '0')
}

// repeats says whether a text is a part of less than MinBytes over and over.
func repeats(text string) bool {
	for n := 1; n < MinBytes && 2*n <= len(text); n++ {
		if text[n:] == text[:len(text)-n] {
			return true
		}
	}
	return false
}

// minRest is how much of a text must be left when the words of placeholders are taken out.
const minRest = 4

// placeholder says whether a text is made of nothing but words that stand in documentation
// and examples. One such word beside others is no placeholder.
func placeholder(text string) bool {
	plain := strings.ToLower(text)
	rest := placeholderWords.ReplaceAllString(plain, "")
	letters := strings.Trim(rest, "-_.:/ !?#*=+,0123456789")
	return rest != plain && len(letters) < minRest
}

// placeholderWords are the words of placeholders.
var placeholderWords = regexp.MustCompile(`change|replace|insert|enter|this|with|your|my|me|some|super|very|strong|top|random|here|please|before|production|` +
	`passw[o0]rd|passwd|passphrase|secret|s3cr3t|token|api|key|credentials?|webhook|placeholder|example|sample|default|dummy|` +
	`value|is|the|letmein|hunter2|admin|foobar|foo|bar|todo|fixme|none|null|undefined|qwert[yz]?|uiop|asdf(gh)?`)
