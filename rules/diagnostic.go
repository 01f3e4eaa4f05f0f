package rules

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// Diagnostic is one mistake in a rules folder, like a compiler error.
// Code is also the name of its page in docs/diagnostics.
type Diagnostic struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Snippet string `json:"snippet,omitempty"` // the source line
	Warning bool   `json:"warning,omitempty"` // it refuses nothing
}

// String is one line: file:line:column: message (hint) [code].
func (d Diagnostic) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Column, d.Message)
	if d.Hint != "" {
		s += " (" + d.Hint + ")"
	}
	return s + " [" + d.Code + "]"
}

// Error makes a diagnostic usable as an error.
func (d Diagnostic) Error() string { return d.String() }

// maxExcerpt is how many characters of a source line are shown.
const maxExcerpt = 120

// Render writes the message, the source line with a caret under the place,
// and the hint, in colour where the terminal has it.
func (d Diagnostic) Render(w io.Writer, colour bool) error {
	paint := func(code, text string) string {
		if !colour {
			return text
		}
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	var b strings.Builder
	message := paint("31", d.Message)
	if d.Warning {
		message = paint("33", "warning: "+d.Message)
	}
	fmt.Fprintf(&b, "%s: %s %s\n", paint("1", fmt.Sprintf("%s:%d:%d", d.File, d.Line, d.Column)), message, paint("2", "["+d.Code+"]"))
	if line, indent := d.excerpt(); line != "" {
		fmt.Fprintf(&b, "  %s\n  %s%s\n", line, indent, paint("31", "^"))
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "  %s %s\n", paint("36", "hint:"), d.Hint)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// excerpt is the source line, cut around the place where it is long, and the
// white space that puts a caret below it. Control characters are shown as a dot.
func (d Diagnostic) excerpt() (line, indent string) {
	runes := []rune(strings.ReplaceAll(d.Snippet, "\t", " "))
	for i, r := range runes {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			runes[i] = '·'
		}
	}
	column := min(max(d.Column-1, 0), len(runes))
	from := max(0, column-maxExcerpt*2/3)
	to := min(len(runes), from+maxExcerpt)
	return string(runes[from:to]), strings.Repeat(" ", column-from)
}

// inFileOrder sorts by file, then place.
func inFileOrder(ds []Diagnostic) []Diagnostic {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return ds
}

// namesHint begins a hint that lists names.
const namesHint = "there are: "

// nearest is a hint for an unknown name: the most similar known one, or all of
// them.
func nearest(name string, known []string) string {
	if near := strictyaml.Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	switch {
	case len(known) == 0:
		return "pushback.yml names none"
	case len(known) > 12:
		return ""
	}
	return namesHint + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

func oneOf(what, word string, known []string) error {
	hint := "one of: " + strings.Join(known, ", ")
	if near := strictyaml.Nearest(word, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return &strictyaml.ValueError{Code: codeUnknownWord, Message: fmt.Sprintf("unknown %s %q", what, word), Hint: hint}
}
