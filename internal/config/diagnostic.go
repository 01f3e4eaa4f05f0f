package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
)

// The codes of mistakes beyond those of package strictyaml. Each has a page in
// docs/diagnostics.
const (
	UnknownKind    = "unknown-kind"
	UnknownName    = "unknown-name"
	BadName        = "bad-name"
	BadAddress     = "bad-address"
	SecretInFile   = "secret-in-file" // also of a rule
	MissingFile    = "missing-file"
	InsecureSource = "insecure-source"
	OpenToAll      = "open-to-all"
	NoDefault      = "no-default"
	BadSettings    = "bad-settings"
	BadAliases     = "bad-aliases"
	BadPattern     = "bad-pattern"
	Unreadable     = "unreadable"
	OutOfRange     = "out-of-range"

	NoDefaultReceiver = rules.CodeNoDefaultReceiver
	BoundHook         = rules.CodeBoundHook

	// The codes of SecretWarnings, which refuse nothing.
	OpenSecret = "open-secret"
	WeakSecret = "weak-secret"
)

// Codes are all codes of this package.
func Codes() []string {
	return []string{
		UnknownKind, UnknownName, BadName, BadAddress, SecretInFile, MissingFile,
		InsecureSource, OpenToAll, NoDefault, BadSettings, BadAliases, BadPattern, Unreadable, OutOfRange, NoDefaultReceiver, OpenSecret, WeakSecret, BoundHook,
	}
}

// Diagnostic is one mistake in pushback.yml or in a file that it names. It does not
// repeat a value that could be a secret.
type Diagnostic struct {
	File string
	strictyaml.Problem
}

// String is file:line:column: message, which editors understand, and the hint on a
// second line.
func (d Diagnostic) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s [%s]", d.File, d.Line, d.Column, d.Message, d.Code)
	if d.Hint != "" {
		s += "\n  hint: " + d.Hint
	}
	return s
}

// WithoutText is the mistake without what its message quotes of a file, for logs: not all files
// that pushback.yml names belong to those who run the daemon. `pushback config check` shows
// the rest.
func (d Diagnostic) WithoutText() Diagnostic {
	none := func(string) bool { return false }
	d.Message, d.Hint = strictyaml.WithoutText(d.Message, none), strictyaml.WithoutText(d.Hint, none)
	return d
}

// Diagnostics are all mistakes of one reading. As an error they are shown together.
type Diagnostics []Diagnostic

// Error is one line per mistake, with its hint below.
func (d Diagnostics) Error() string {
	lines := make([]string, len(d))
	for i, one := range d {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// mistakenAt reports whether one of the paths at which mistakes were found is a path of
// pushback.yml, or below it.
func mistakenAt(wrong []string, path string) bool {
	return slices.ContainsFunc(wrong, func(p string) bool {
		rest, below := strings.CutPrefix(p, path)
		return below && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// Sorted are the diagnostics in the order of the file, each once.
func (d Diagnostics) Sorted() Diagnostics {
	slices.SortStableFunc(d, byPlace)
	return slices.Compact(d)
}

// Mistakes are the mistakes that building the adapter at a path of pushback.yml has found.
// An error that begins with a key of the adapter, as in "url is missing" or "map.at: ...", is placed at that
// key, any other at the adapter's name. Errors that are joined are one mistake each. An
// error at a place where Load found a mistake follows from that one, and is left out.
func (c Config) Mistakes(path string, err error) Diagnostics {
	if several := joined(err); len(several) > 1 {
		var all Diagnostics
		for _, one := range several {
			all = append(all, c.Mistakes(path, one)...)
		}
		return all
	}
	at := c.places.Key(path)
	if key := c.named(path, strings.TrimPrefix(err.Error(), "the ")); key != "" {
		path, at = key, c.places.Value(key)
	}
	if mistakenAt(c.wrong, path) {
		return nil
	}
	return Diagnostics{{File: c.File, Problem: strictyaml.Problem{
		Line: at.Line, Column: at.Column, Code: BadSettings, Message: err.Error(),
	}}}
}

// NoDefaultReceiver is the mistake that the rule at a place tells somebody, and nobody is told
// where no one is responsible for a service.
func (c Config) NoDefaultReceiver(rule string) Diagnostics {
	if mistakenAt(c.wrong, "services") {
		return nil
	}
	at, hint := c.places.Key("services.default"), "write services: {default: {pager: NAME}}, with the name of a receiver"
	if len(c.Receivers) == 0 {
		hint = "name one under receivers, and " + hint
	}
	return Diagnostics{{File: c.File, Problem: strictyaml.Problem{
		Line: at.Line, Column: at.Column, Code: NoDefaultReceiver, Hint: hint,
		Message: fmt.Sprintf("the rule at %s tells somebody, and services.default names no receiver for the services that nobody is responsible for", rule),
	}}}
}

// joined are the errors that errors.Join has joined. An error that wraps several in one
// sentence is one mistake.
func joined(err error) []error {
	j, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // what is wrapped deeper is part of a sentence
	if !ok || err.Error() != errors.Join(j.Unwrap()...).Error() {
		return nil
	}
	return j.Unwrap()
}

// named is the path of the key that a message begins with, below another path: the longest that
// the file has. "" where it has none.
func (c Config) named(path, message string) string {
	for key := leadingKey.FindString(message); key != ""; {
		if c.places.Has(path + "." + key) {
			return path + "." + key
		}
		key = key[:max(0, strings.LastIndex(key, "."))]
	}
	return ""
}

// leadingKey is the key that an error begins with, or several with dots between them.
var leadingKey = regexp.MustCompile(`^[a-z_]+(\.[^\s:]+)*`)
