package strictyaml

import "go.yaml.in/yaml/v4"

// sourceOffset walks the source and the scalar's value side by side until count
// bytes of the value have been passed, and gives the byte of the source
// reached. It need not know the rules of folding: white space of the value
// may be any run of white space in the source, and indentation is white
// space the value has not.
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

// skipIndent passes white space that the value does not have at i, and the
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

func joinsLines(source []byte, at int, style yaml.Style) bool {
	return style&yaml.DoubleQuotedStyle != 0 && source[at] == '\\' && at+1 < len(source) && source[at+1] == '\n'
}

// matchByte is how many bytes of source stand for the value's byte c.
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

// matchEscape knows the escapes of one letter; the numbered ones end the walk.
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
