package sources

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// OneLine makes what a person or a request wrote safe for a page, a terminal, a message
// and a log: one line of at most limit bytes of valid UTF-8, without control characters
// and without characters that nobody sees, such as those that turn the direction of text. A text that
// was longer ends with "…".
func OneLine(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case r == utf8.RuneError || Invisible(r):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	const mark = "…"
	return strings.ToValidUTF8(text[:max(limit-len(mark), 0)], "") + mark
}

// Invisible says whether a character takes no room of its own or looks like a space, so
// that two texts which look the same may differ by it: marks of direction, zero-width
// characters, fillers, and what no font has.
func Invisible(r rune) bool {
	const blankBraille, object = '\u2800', '\ufffc' // the second stands for a picture that is not there
	return r == blankBraille || r == object || unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		!unicode.IsPrint(r) && r != ' '
}
