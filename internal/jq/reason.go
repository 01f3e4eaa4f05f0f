package jq

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// RunError says why an expression gives nothing for a body. It never repeats the body.
type RunError struct{ Reason string }

// Error is the reason.
func (e *RunError) Error() string { return e.Reason }

// What a guard refuses.
var (
	tooLong  = &RunError{fmt.Sprintf("the expression takes more than %d steps over this body", MaxSteps)}
	tooLarge = &RunError{fmt.Sprintf("the expression makes a value of more than %d MiB", MaxValue>>20)}
	longText = &RunError{fmt.Sprintf("a text of more than %d bytes comes to a regular expression: cut it before, as in .[:%d]", MaxText, MaxText)}
	tooMany  = &RunError{fmt.Sprintf("lists or objects of more than %d KiB are compared each with each", MaxFew>>10)}
)

// shape matches the errors of gojq that name only what kind of value was expected or found.
// Behind the kind they quote the value.
var shape = regexp.MustCompile(`^((?:expected an? (?:object|array|string|number)[a-z ]*but got|cannot iterate over|[a-z_0-9/]+ cannot be applied to|cannot (?:add|subtract|multiply|divide|modulo)): (?:null|boolean|number|string|array|object))\b`)

// runError keeps of an error of gojq what is no part of the body.
func runError(err error) error {
	if own := (*RunError)(nil); errors.As(err, &own) {
		return own
	}
	var thrown gojq.ValueError
	if errors.As(err, &thrown) { // error(.app), halt_error
		return &RunError{"the expression ended with an error"}
	}
	if m := shape.FindStringSubmatch(err.Error()); m != nil {
		return &RunError{strings.Replace(m[1], ": ", " ", 1)}
	}
	if word, _, _ := strings.Cut(err.Error(), ":"); plainWords.MatchString(word) {
		return &RunError{word}
	}
	return &RunError{"the expression cannot be run over this body"}
}

var plainWords = regexp.MustCompile(`^[a-z][a-z /_0-9]{0,60}$`)

// parseError places an error of the parser.
func parseError(text string, err error) error {
	parse := (*gojq.ParseError)(nil)
	if !errors.As(err, &parse) {
		return &SyntaxError{1, 1, err.Error()}
	}
	at := max(0, min(len(text), parse.Offset)-len(parse.Token))
	return errorAt(text, at, parse.Error())
}

// compileError places an error of the compiler at the name that it does not know.
func compileError(text string, err error) error {
	reason := err.Error()
	name := reason[strings.LastIndex(reason, ": ")+1:]
	name, _, _ = strings.Cut(strings.TrimSpace(name), "/")
	return errorAt(text, max(0, wordAt(text, name)), reason)
}

// errorAt makes a SyntaxError of a byte offset.
func errorAt(text string, at int, reason string) *SyntaxError {
	before := text[:at]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1
	return &SyntaxError{line, column, reason}
}

// wordAt is where a whole word begins in an expression; -1 where it does not occur.
func wordAt(text, word string) int {
	if word == "" {
		return -1
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(word)
		if (i == 0 || !isName(text[i-1]) && text[i-1] != '.') && (end == len(text) || !isName(text[end])) {
			return i
		}
		from = i + 1
	}
}

func isName(b byte) bool {
	return b == '_' || b == '$' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
