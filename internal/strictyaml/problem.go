package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
)

// The codes of problems. Each is also the name of a page in docs/diagnostics.
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

// Codes returns all codes of this package.
func Codes() []string {
	return []string{
		Syntax, Encoding, TooLarge, TooDeep, Documents, MergeKey,
		UnknownKey, DuplicateKey, MissingField, WrongType, Unquoted, BadValue,
	}
}

// Problem is one mistake in a file. Line and Column count from 1, and Column counts
// characters.
type Problem struct {
	Line, Column  int
	Code          string
	Message, Hint string
}

// String gives "line:column: message".
func (p Problem) String() string { return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message) }

// ValueError is an error that UnmarshalText or UnmarshalYAML of a type may return to set
// the code and hint of the Problem. An empty Code means BadValue.
type ValueError struct {
	Code, Message, Hint string
}

// Error returns the message without the hint.
func (e *ValueError) Error() string { return e.Message }

// MaxProblems bounds the problems that are returned for one file.
const MaxProblems = 100

// inFileOrder sorts problems by position, and returns the first MaxProblems.
func inFileOrder(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return problems[:min(len(problems), MaxProblems)]
}
