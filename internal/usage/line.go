package usage

import "strings"

// Split splits what was typed at a shell into words, up to the cursor: at spaces, but not
// within quotes or after a backslash. The last word is "" after a space. whole is false
// where the last word has quotes or backslashes: nobody can tell how to go on with it.
//
// bash needs it: it splits words at = and : too.
func Split(line string) (words []string, whole bool) {
	var word strings.Builder
	quote, escaped, marked := rune(0), false, false
	for _, r := range line {
		switch {
		case escaped:
			escaped = false
			word.WriteRune(r)
		case r == '\\' && quote != '\'':
			escaped, marked = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, marked = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if word.Len() > 0 || marked {
				words = append(words, word.String())
			}
			word.Reset()
			marked = false
		default:
			word.WriteRune(r)
		}
	}
	return append(words, word.String()), !marked
}
