package strictyaml

import (
	"strings"
	"unicode"
)

// WithoutText returns a message, or a hint, without what it quotes from a file: everything
// from the first quotation mark to the last becomes "…". A message may quote an unknown key,
// an anchor, or a part of an expression, and the file may not be what its name says: where
// somebody made it a copy of a secret, the message must not show the secret to whoever reads
// an answer, a log or a chat. known says of which single words it is certain that they do not
// come from the file; a message that quotes nothing else stays whole.
func WithoutText(message string, known func(word string) bool) string {
	from := strings.IndexFunc(message, isQuote)
	for from > 0 && isApostrophe(message, from) {
		next := strings.IndexFunc(message[from+1:], isQuote)
		if next < 0 {
			return message
		}
		from += 1 + next
	}
	to := strings.LastIndexFunc(message, isQuote)
	if from < 0 || onlyKnown(message[from:to+1], known) {
		return message
	}
	return message[:from] + "…" + message[to+1:]
}

func isQuote(r rune) bool { return r == '"' || r == '\'' || r == '`' }

// isApostrophe reports whether the mark at i stands within a word, as in "a rule's name".
func isApostrophe(message string, i int) bool {
	before := rune(message[i-1])
	return message[i] == '\'' && (unicode.IsLetter(before) || unicode.IsDigit(before))
}

// onlyKnown reports whether every word between the marks of a text is known, and whether they
// are all in pairs.
func onlyKnown(text string, known func(string) bool) bool {
	parts := strings.FieldsFunc(text, isQuote)
	if len(parts) == 0 || strings.Count(text, `"`) != len(parts)+1 {
		return false
	}
	for i := 0; i < len(parts); i += 2 {
		if !known(parts[i]) {
			return false
		}
	}
	return true
}
