// Package jq runs expressions of jq over bodies that strangers wrote, in bounds: a mistake in
// an expression, or a body that is made for it, costs some milliseconds and some megabytes.
//
// The expressions are gojq's, without what reaches outside (env, input, modules), without what
// gives another result tomorrow (now) and without assignments. Three bounds hold, and none of
// them is a time, because a slow machine must not refuse what a fast one takes:
//
//   - The steps of a run are counted: gojq asks its context before each of them.
//   - The values that a run gives are counted.
//   - Whatever one step could make large is measured first: before it is compiled, the expression is
//     rewritten so that functions in Go get their input through a guard. See rewrite.go.
//
// See adr/0120.
package jq

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/itchyny/gojq"
)

// The bounds of an expression and of one run.
const (
	MaxExpression = 4096      // bytes of an expression
	MaxSteps      = 1_000_000 // of the machine that runs it
	MaxOutputs    = 1000      // values
	MaxValue      = 4 << 20   // bytes of one value, written out, and 8 for each of its parts
	MaxText       = 4096      // bytes of a text that a regular expression is matched against
	MaxFew        = 16 << 10  // as MaxValue, of values that are compared each with each
)

// Program is a compiled expression. It is safe for concurrent use.
type Program struct {
	text string
	code *gojq.Code
}

// SyntaxError is a mistake in an expression. Line and Column count from 1, in the expression.
type SyntaxError struct {
	Line, Column int
	Reason       string
}

// Error names the position only where it helps: within one line.
func (e *SyntaxError) Error() string {
	if e.Line > 1 {
		return fmt.Sprintf("line %d, character %d of the jq: %s", e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("character %d of the jq: %s", e.Column, e.Reason)
}

// Compile checks an expression, which may use the given variables ("$body"). Its errors are
// *SyntaxError.
func Compile(text string, variables ...string) (*Program, error) {
	if len(text) > MaxExpression {
		return nil, &SyntaxError{1, 1, fmt.Sprintf("an expression has at most %d bytes", MaxExpression)}
	}
	if strings.TrimSpace(text) == "" {
		return nil, &SyntaxError{1, 1, "the expression is empty: write a path, such as .app"}
	}
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, parseError(text, err)
	}
	r := rewriter{text: text}
	r.query(query)
	if r.found != nil {
		return nil, r.found
	}
	code, err := gojq.Compile(query, append(guards(), gojq.WithVariables(append([]string{workVariable}, variables...)))...)
	if err != nil {
		return nil, compileError(text, err)
	}
	return &Program{text, code}, nil
}

// String is the expression as it was written.
func (p *Program) String() string { return p.text }

// Run gives every value that the expression makes of one input. The input is what Decode
// returns, and the variables are such values as well. An error is a *RunError, and repeats
// nothing of the input.
func (p *Program) Run(input any, variables ...any) (values []any, err error) {
	defer func() {
		if r := recover(); r != nil {
			values, err = nil, &RunError{"the expression cannot be run over this body"} // a mistake of gojq: one delivery must not end the daemon
		}
	}()
	work := &steps{Context: context.Background(), left: MaxSteps}
	all := p.code.RunWithContext(work, input, append([]any{work}, variables...)...)
	for {
		v, more := all.Next()
		if !more {
			return values, nil
		}
		if err, is := v.(error); is {
			if halt := (*gojq.HaltError)(nil); errors.As(err, &halt) && halt.Value() == nil {
				return values, nil
			}
			return nil, runError(err)
		}
		if len(values) == MaxOutputs {
			return nil, &RunError{fmt.Sprintf("the expression gives more than %d values", MaxOutputs)}
		}
		if !work.measure(v, MaxValue) {
			return nil, &RunError{tooLarge.Error()}
		}
		values = append(values, v)
	}
}

// steps is a context that ends after a number of steps: gojq asks for Done before each.
type steps struct {
	context.Context
	left int
}

var ended = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Done counts a step.
func (s *steps) Done() <-chan struct{} {
	if s.left--; s.left < 0 {
		return ended
	}
	return nil
}

// Err is the reason for the end.
func (s *steps) Err() error {
	if s.left < 0 {
		return tooLong
	}
	return nil
}
