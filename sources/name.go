package sources

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// CheckName is the one place that says what a name may hold, whoever gives it: a tool in an
// event, an operator in pushback.yml, a team in its rules. Names are compared, and people
// take two names that look alike for one. So a name holds no character that nobody sees, has
// no space at its ends, is in the one form that Unicode has for what it looks like (NFKC), and
// does not write a word with letters of another alphabet that look like its own. The error
// says what is wrong and the fix, without the name.
func CheckName(name string) error { return checkName(name, MaxName) }

// CheckEnvironment is CheckName for the name of an environment, which may be longer.
func CheckEnvironment(name string) error { return checkName(name, MaxEnvironment) }

func checkName(name string, limit int) error {
	if err := checkPlain(name, limit); err != nil {
		return err
	}
	switch {
	case strings.ContainsRune(name, utf8.RuneError):
		return errors.New("holds a character that was lost (U+FFFD), as half a surrogate pair is: send what it was")
	case strings.ContainsFunc(name, Invisible):
		return errors.New("holds a character that nobody sees, such as a zero-width or a no-break space: leave it out")
	case strings.TrimSpace(name) != name:
		return errors.New("begins or ends with a space: leave it out")
	case !norm.NFKC.IsNormalString(name):
		return errors.New("holds a letter in a form that looks like another, such as a full-width one: write it in the plain form (Unicode NFKC)")
	}
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		if looksLikeAnother(word) {
			return errors.New("holds letters of another alphabet that look like those of Latin words: write each word in one alphabet")
		}
	}
	return nil
}

// alphabets have letters that look like each other's.
var alphabets = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu, unicode.Georgian, unicode.Deseret,
}

// latinLike are Cyrillic and Greek letters that fonts draw like Latin ones.
const latinLike = "асеорхуіјѕһԁԛԝгпкАВСЕНІЈКМОРЅТХУҮԌԚԜ" + "οιυνκραΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳ"

// looksLikeAnother reports whether a word mixes alphabets, or is written only with letters
// that look like those of Latin.
func looksLikeAnother(word string) bool {
	of, foreign := 0, false
	for _, alphabet := range alphabets {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(alphabet, r) }) {
			of++
			foreign = foreign || alphabet != unicode.Latin
		}
	}
	all := !strings.ContainsFunc(word, func(r rune) bool { return !strings.ContainsRune(latinLike, r) })
	return of > 1 || foreign && all
}

// CheckText is CheckName for a text that people read and that may be in any script, such as a
// person's name. It may hold the marks that emoji are made of.
func CheckText(text string, limit int) error {
	if err := checkPlain(text, limit); err != nil {
		return err
	}
	if hides(text) {
		return errors.New("holds a character that nobody sees, such as a zero-width space: leave it out")
	}
	return nil
}

// checkPlain refuses what is too long, and what is no line of text at all.
func checkPlain(text string, limit int) error {
	switch {
	case len(text) > limit:
		return fmt.Errorf("is %d bytes long: send at most %d", len(text), limit)
	case !utf8.ValidString(text):
		return errors.New("is not valid UTF-8: encode it as UTF-8")
	case strings.ContainsFunc(text, unprintable):
		return errors.New("holds a control character or line break: send plain one-line text")
	}
	return nil
}

// hides reports whether a text has a character that nobody sees. Spaces of all widths are
// seen, and so are the marks after a symbol that make an emoji of it.
func hides(text string) bool {
	before := rune(0)
	for _, r := range text {
		emoji := (r == '\u200d' || unicode.Is(unicode.Variation_Selector, r)) && (unicode.IsSymbol(before) || unicode.Is(unicode.Variation_Selector, before))
		if Invisible(r) && !unicode.IsSpace(r) && !emoji {
			return true
		}
		before = r
	}
	return false
}

func unprintable(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
