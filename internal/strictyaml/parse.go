package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// The limits of a file. A thousand rules take a tenth of MaxSize, and files that
// people write nest at most about twelve levels.
const (
	MaxSize    = 1 << 20
	MaxDepth   = 32
	MaxAliased = 10_000
	// MaxDecoded bounds the memory of the decoded values and of their paths, in bytes: a list
	// of a few bytes an item can stand for structs of a kilobyte, and a long key is
	// part of every path below it.
	MaxDecoded = 64 << 20
	// MaxKey bounds a key, in bytes.
	MaxKey = 256
)

// ReadFile reads a file, but at most MaxSize+1 bytes of it. Decode refuses a longer
// file.
func ReadFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return data, nil
}

// parse returns the root of the document in data, nil for an empty document.
func parse(data []byte) (*yaml.Node, *Problem) {
	if p := checkBytes(data); p != nil {
		return nil, p
	}
	depth := loaderlimits.DepthValue(MaxDepth)
	loader, err := yaml.NewLoader(bytes.NewReader(data),
		yaml.WithPlugin(loaderlimits.New(depth)), yaml.WithUniqueKeys(false))
	if err != nil {
		return nil, &Problem{Line: 1, Column: 1, Code: Syntax, Message: "the file cannot be read as YAML"}
	}
	root, more := new(yaml.Node), new(yaml.Node)
	if err := loader.Load(root); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, tabProblem(data, syntaxProblem(err))
	}
	if err := loader.Load(more); err == nil {
		return nil, &Problem{
			Line: more.Line, Column: max(1, more.Column), Code: Documents,
			Message: "a second YAML document begins here",
			Hint:    "put each document into a file of its own",
		}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxProblem(err)
	}
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		return root.Content[0], nil
	}
	return root, nil
}

// checkBytes refuses files that are too large or not valid text, before they are parsed.
func checkBytes(data []byte) *Problem {
	if len(data) > MaxSize {
		return &Problem{
			Line: 1, Column: 1, Code: TooLarge,
			Message: fmt.Sprintf("the file is larger than %d KiB", MaxSize>>10),
			Hint:    "split it into several files",
		}
	}
	at, what := bytes.IndexByte(data, 0), "a NUL byte"
	if at < 0 && !utf8.Valid(data) {
		at, what = firstInvalidByte(data), "bytes that are not UTF-8"
	}
	if at < 0 {
		at, what = bytes.IndexFunc(data, turnsText), "a character that turns the direction of text, so that it is not what people see"
	}
	if at < 0 {
		return nil
	}
	line := 1 + bytes.Count(data[:at], []byte("\n"))
	column := 1 + utf8.RuneCount(data[bytes.LastIndexByte(data[:at], '\n')+1:at])
	return &Problem{
		Line: line, Column: column, Code: Encoding,
		Message: "the file holds " + what, Hint: "save it as plain UTF-8 text",
	}
}

// turnsText reports whether a character shows what follows it in another order: with
// one of them in a comment, a file says something else than whoever reviews it reads
// (CVE-2021-42574). Marks that belong to right-to-left scripts are no such characters.
func turnsText(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }

// firstInvalidByte returns the index of the first byte that is not valid UTF-8, -1 if
// all are.
func firstInvalidByte(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// syntaxProblem makes a Problem of the library's error, whose message is in terms of
// YAML.
func syntaxProblem(err error) *Problem {
	p := &Problem{Line: 1, Column: 1, Code: Syntax, Message: "this is not valid YAML"}
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return p
	}
	p.Line, p.Column, p.Message = max(1, e.Mark.Line), max(1, e.Mark.Column), e.Message
	switch {
	case strings.Contains(e.Message, "exceeded max depth"):
		p.Code, p.Message = TooDeep, fmt.Sprintf("values nest deeper than %d levels", MaxDepth)
	case strings.Contains(e.Message, "unknown anchor"): // it quotes the word, which may be a password that begins with *
		p.Message, p.Hint = "a value that begins with * refers to an anchor that this file does not have", "text that begins with * needs quotes"
	case strings.Contains(e.Message, "tab character"):
		p.Hint = "YAML is indented with spaces"
	case strings.Contains(e.Message, "cannot start any token"):
		p.Hint = "YAML is indented with spaces, not tabs; text that begins with @, ` or % needs quotes"
	case strings.Contains(e.Message, "mapping values are not allowed"):
		p.Hint = "text that holds \": \" needs quotes; otherwise check the indentation"
	case strings.Contains(e.Message, "did not find expected key"), strings.Contains(e.Message, "did not find expected '-'"):
		p.Hint = "keys that belong together begin in the same column: check the indentation of this line and of those above it, and that every { is closed"
	case strings.Contains(e.Message, "did not find expected node content"), strings.Contains(e.Message, "did not find expected ',' or"):
		p.Hint = "something is not closed: every { needs a }, every [ a ], and entries between them a comma"
	case strings.Contains(e.Message, "found unexpected end of stream"):
		p.Hint = "a quotation mark is not closed"
	case strings.Contains(e.Message, "did not find expected alphabetic or numeric character"):
		p.Message, p.Hint = "a value that begins with * or & names an anchor, and no name follows", "text that begins with * or & needs quotes, as in \"*\""
	}
	return p
}

// tabProblem says that a line is indented with a tab, where that is the mistake.
func tabProblem(data []byte, p *Problem) *Problem {
	lines := bytes.Split(data, []byte("\n"))
	if p.Line > len(lines) {
		return p
	}
	line := lines[p.Line-1]
	indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
	if bytes.IndexByte(indent, '\t') >= 0 {
		p.Code, p.Message, p.Hint = Syntax, "this line is indented with a tab", "YAML is indented with spaces: replace each tab by two spaces"
	}
	return p
}
