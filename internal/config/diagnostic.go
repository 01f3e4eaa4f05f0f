package config

import (
	"fmt"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// The codes of mistakes that are ours and not YAML's. Each is a page in
// docs/diagnostics.
const (
	UnknownKind    = "unknown-kind"
	UnknownName    = "unknown-name"
	BadName        = "bad-name"
	BadAddress     = "bad-address"
	SecretInFile   = "secret-in-file"
	MissingFile    = "missing-file"
	InsecureSource = "insecure-source"
	OpenToAll      = "open-to-all"
	NoDefault      = "no-default"
	BadSettings    = "bad-settings"
	BadAliases     = "bad-aliases"
	Unreadable     = "unreadable"
	OutOfRange     = "out-of-range"
)

// Codes are all codes of this package.
func Codes() []string {
	return []string{
		UnknownKind, UnknownName, BadName, BadAddress, SecretInFile, MissingFile,
		InsecureSource, OpenToAll, NoDefault, BadSettings, BadAliases, Unreadable, OutOfRange,
	}
}

// Diagnostic is one mistake in pushback.yml or a file it names. It never
// holds the value that is wrong where that could be a secret.
type Diagnostic struct {
	File string
	strictyaml.Problem
}

// String gives file:line:column: message, the form editors jump to, and the
// hint on a line of its own.
func (d Diagnostic) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s [%s]", d.File, d.Line, d.Column, d.Message, d.Code)
	if d.Hint != "" {
		s += "\n  hint: " + d.Hint
	}
	return s
}

// Diagnostics are every mistake of one reading; as an error, all of them.
type Diagnostics []Diagnostic

// Error gives one mistake a line, hints below.
func (d Diagnostics) Error() string {
	lines := make([]string, len(d))
	for i, one := range d {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}
