package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
)

// The codes of the mistakes found here. Each is also the name of a page in
// docs/diagnostics.
const (
	Syntax       = "yaml-syntax"
	Encoding     = "yaml-encoding"
	TooLarge     = "yaml-too-large"
	TooDeep      = "yaml-too-deep"
	Documents    = "yaml-documents"
	MergeKey     = "yaml-merge-key"
	UnknownKey   = "unknown-key"
	DuplicateKey = "duplicate-key"
	MissingField = "missing-field"
	WrongType    = "wrong-type"
	Unquoted     = "unquoted-text"
	BadValue     = "bad-value"
)

// Codes are all codes of this package.
func Codes() []string {
	return []string{
		Syntax, Encoding, TooLarge, TooDeep, Documents, MergeKey,
		UnknownKey, DuplicateKey, MissingField, WrongType, Unquoted, BadValue,
	}
}

// Problem is one mistake. Line and Column count from 1, Column in characters.
type Problem struct {
	Line, Column  int
	Code          string
	Message, Hint string
}

// String gives "line:column: message".
func (p Problem) String() string { return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message) }

// ValueError is an error that a type's UnmarshalText or UnmarshalYAML may return
// to choose the code and hint of the problem it becomes. An empty Code means
// BadValue.
type ValueError struct {
	Code, Message, Hint string
}

// Error gives the message alone.
func (e *ValueError) Error() string { return e.Message }

// MaxProblems bounds what one file can make us say.
const MaxProblems = 100

// inFileOrder sorts by position, keeping the order of what stands in one
// place, and keeps the first MaxProblems.
func inFileOrder(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return problems[:min(len(problems), MaxProblems)]
}
