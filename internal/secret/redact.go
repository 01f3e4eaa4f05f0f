package secret

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// minRedacted is the least length of a secret that is redacted. A shorter one
// is likely to occur by chance in ordinary text.
const minRedacted = 6

// Redact replaces every secret in text by "[secret]". It replaces longer secrets
// first, because a secret may be part of another. It also replaces secrets that the text
// has escaped, as JSON, HTML and URLs do. Secrets of less than six bytes are not replaced.
func Redact(text string, secrets ...string) string {
	var all []string
	for _, secret := range secrets {
		if len(secret) >= minRedacted {
			all = append(all, escaped(secret)...)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range all {
		text = strings.ReplaceAll(text, secret, Mark)
	}
	return text
}

// escaped returns the forms in which a server may repeat a secret.
func escaped(secret string) []string {
	encoded, _ := json.Marshal(secret)
	quoted := strings.Trim(string(encoded), `"`)
	forms := []string{secret, quoted, strings.ReplaceAll(quoted, "/", `\/`), html.EscapeString(secret), url.QueryEscape(secret), url.PathEscape(secret)}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// approvalLink matches the way to a token in an approval link: as it is, and as JSON, HTML
// and URLs escape it.
var approvalLink = regexp.MustCompile(`(?i)approve(\?|%3F|\\u003f|&#63;)[^\s"'<>]{0,200}?token(=|%3D|\\u003d|&#61;)(%22|\\")?[A-Za-z0-9_+/~.%-]+`)

// tokenEnd is the last "=" of such a way, however it is written.
var tokenEnd = regexp.MustCompile(`(?i)^.*token(=|%3D|\\u003d|&#61;)`)

// BlotLinks removes the tokens of approval links from a text that is stored or shown:
// whoever can read a record must not be able to approve by it. The receivers of a message
// and hooks may repeat it in their answers.
func BlotLinks(text string) string {
	if !strings.Contains(text, "pprove") && !strings.Contains(text, "PPROVE") {
		return text // most texts, at once
	}
	return approvalLink.ReplaceAllStringFunc(text, func(link string) string {
		return tokenEnd.FindString(link) + Mark
	})
}

// LinkTokens returns the tokens of the approval links in a text, for Redact: what gets a
// message may repeat a token without its link.
func LinkTokens(text string) (tokens []string) {
	for _, link := range approvalLink.FindAllString(text, -1) {
		tokens = append(tokens, strings.TrimPrefix(link, tokenEnd.FindString(link)))
	}
	return tokens
}

// PasswordsOf returns what may be the password of a URL that is written by hand, whole and in
// the parts in which a reader quotes it in an error: a password with a # or / in it that is not
// escaped is read as a host, a port or a path.
func PasswordsOf(address string) []string {
	_, rest, _ := strings.Cut(address, "://")
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return nil
	}
	_, password, _ := strings.Cut(rest[:at], ":")
	decoded, err := url.PathUnescape(password)
	if err != nil {
		decoded = password
	}
	parts := strings.FieldsFunc(password, func(r rune) bool { return strings.ContainsRune("#/?@:&[]", r) })
	return append(parts, password, decoded)
}
