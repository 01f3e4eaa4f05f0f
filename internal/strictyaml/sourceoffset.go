package strictyaml

import "go.yaml.in/yaml/v4"

// sourceOffset returns the offset in source of the byte at index count of a scalar's
// value. It reads both side by side from the offset at, where the text of the
// scalar begins. It does not need YAML's folding rules: white space in the value
// matches any white space in the source, and indentation is white space that the
// value does not have.
func sourceOffset(source []byte, at int, n *yaml.Node, count int) (int, bool) {
	for i := 0; ; i++ {
		at = skipIndent(source, at, n, i)
		if i == count {
			return at, true
		}
		size, ok := matchByte(source, at, n.Value[i], n.Style)
		if !ok {
			return 0, false
		}
		at += size
	}
}

// skipIndent skips white space that the value does not have at index i, and the
// backslash that joins two lines of a double-quoted scalar.
func skipIndent(source []byte, at int, n *yaml.Node, i int) int {
	if i == len(n.Value) || isWhite(n.Value[i]) {
		return at
	}
	for at < len(source) && (isWhite(source[at]) || joinsLines(source, at, n.Style)) {
		at++
	}
	return at
}

// joinsLines reports whether a backslash at the end of a line joins it to the next.
func joinsLines(source []byte, at int, style yaml.Style) bool {
	return style&yaml.DoubleQuotedStyle != 0 && source[at] == '\\' && at+1 < len(source) && source[at+1] == '\n'
}

// matchByte returns how many bytes of source stand for the byte c of the value, and
// false if they do not match.
func matchByte(source []byte, at int, c byte, style yaml.Style) (int, bool) {
	if at >= len(source) {
		return 0, false
	}
	s := source[at]
	switch {
	case style&yaml.DoubleQuotedStyle != 0 && s == '\\':
		return matchEscape(source, at, c)
	case style&yaml.SingleQuotedStyle != 0 && s == '\'':
		return 2, c == '\'' && at+1 < len(source) && source[at+1] == '\''
	case s == c:
		return 1, true
	case isWhite(s) && isWhite(c):
		return 1, true
	default:
		return 0, false
	}
}

// matchEscape matches an escape of one letter. Numeric escapes are not followed.
func matchEscape(source []byte, at int, c byte) (int, bool) {
	if at+1 >= len(source) {
		return 0, false
	}
	switch e := source[at+1]; {
	case e == c && (c == '"' || c == '\\' || c == '/' || c == ' '):
		return 2, true
	case e == 'n' && c == '\n', e == 't' && c == '\t', e == 'r' && c == '\r':
		return 2, true
	default:
		return 0, false
	}
}

func isWhite(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
