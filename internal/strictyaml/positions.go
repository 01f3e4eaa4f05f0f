package strictyaml

import (
	"bytes"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Position is a place in the file. Line and Column count from 1, and Column counts
// characters.
type Position struct {
	Line, Column int
}

// Positions has the position of every value of a decoded document. A value is named
// by its path, such as "rules[0].signals[1].query"; the path "" is the document.
// The position of an aliased value is that of its anchor.
type Positions struct {
	source []byte
	root   *yaml.Node // nil: the document is empty or no YAML
	nodes  map[string]nodePair
}

// nodePair holds the nodes of a value and of its key.
type nodePair struct {
	value *yaml.Node
	key   *yaml.Node
}

func (p *Positions) set(path string, n *yaml.Node) {
	at := p.nodes[path]
	at.value = n
	p.nodes[path] = at
}

func (p *Positions) setKey(path string, n *yaml.Node) {
	at := p.nodes[path]
	at.key = n
	p.nodes[path] = at
}

// Len is how many values the document has.
func (p *Positions) Len() int { return len(p.nodes) }

// Has reports whether the document has a value at the path.
func (p *Positions) Has(path string) bool { return p.nodes[path].value != nil }

// Value returns where the value at path begins, at its opening quote if it has one.
// For a path that is not in the document it returns the nearest enclosing value.
func (p *Positions) Value(path string) Position {
	for {
		if n := p.nodes[path].value; n != nil {
			return Position{n.Line, n.Column}
		}
		if path == "" {
			return Position{1, 1}
		}
		path = parent(path)
	}
}

// At returns the deepest path whose value begins at a position, and false if there is
// none.
func (p *Positions) At(at Position) (deepest string, found bool) {
	for path, place := range p.nodes {
		if n := place.value; n != nil && n.Line == at.Line && n.Column == at.Column {
			if !found || len(path) > len(deepest) {
				deepest, found = path, true
			}
		}
	}
	return deepest, found
}

// Key returns where the key of the value at path begins, or Value if it has no key.
func (p *Positions) Key(path string) Position {
	if n := p.nodes[path].key; n != nil {
		return Position{n.Line, n.Column}
	}
	return p.Value(path)
}

// Inside returns where the byte at offset of the scalar at path is in the file, for
// every style of scalar: plain, quoted and block. If the scalar has an escape that
// cannot be followed, it returns the start of the scalar.
func (p *Positions) Inside(path string, offset int) Position {
	n := p.nodes[path].value
	if n == nil || n.Kind != yaml.ScalarNode {
		return p.Value(path)
	}
	start := p.offset(n.Line, n.Column)
	at, ok := sourceOffset(p.source, textStart(p.source, start, n.Style), n, min(max(offset, 0), len(n.Value)))
	if !ok {
		return Position{n.Line, n.Column}
	}
	return p.position(at)
}

// offset returns the offset in the source of a line and column.
func (p *Positions) offset(line, column int) int {
	at := 0
	for ; line > 1; line-- {
		next := bytes.IndexByte(p.source[at:], '\n')
		if next < 0 {
			return len(p.source)
		}
		at += next + 1
	}
	for ; column > 1 && at < len(p.source); column-- {
		_, size := utf8.DecodeRune(p.source[at:])
		at += size
	}
	return at
}

// position returns the line and column of an offset in the source.
func (p *Positions) position(at int) Position {
	at = min(at, len(p.source))
	head := p.source[:at]
	return Position{
		Line:   1 + bytes.Count(head, []byte("\n")),
		Column: 1 + utf8.RuneCount(head[bytes.LastIndexByte(head, '\n')+1:]),
	}
}

// textStart returns where the text of a scalar begins: after its opening quote, or on
// the line after the header of a block.
func textStart(source []byte, start int, style yaml.Style) int {
	switch {
	case style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return start + 1
	case style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		if end := bytes.IndexByte(source[min(start, len(source)):], '\n'); end >= 0 {
			return start + end + 1
		}
	}
	return start
}

// parent returns the path of the enclosing value.
func parent(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return path[:i]
		}
	}
	return ""
}
