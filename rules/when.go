package rules

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// The limits of one condition, which is one line that a person writes.
const (
	maxWhen      = 1000
	maxWhenNodes = 200
	whenMemory   = 1000 // elements of lists
)

// compile checks the types of a condition, and that it cannot take long.
func compile(text string) (*vm.Program, error) {
	if len(text) > maxWhen {
		return nil, fmt.Errorf("a condition is at most %d characters long", maxWhen)
	}
	if tree, err := parser.Parse(text); err == nil { // otherwise Compile says what is wrong
		if err := checkTree(tree.Node); err != nil {
			return nil, err
		}
	}
	return expr.Compile(text, append(conditionOptions(), expr.Env(condition{}), expr.AsBool(), expr.MaxNodes(maxWhenNodes))...)
}

func evaluate(text string, c condition) (bool, error) {
	program, err := compile(text)
	if err != nil {
		return false, err
	}
	machine := vm.VM{MemoryBudget: whenMemory}
	out, err := machine.Run(program, c)
	if err != nil {
		return false, fmt.Errorf("evaluating %q: %w", text, err)
	}
	holds, _ := out.(bool)
	return holds, nil
}

// conditionError is a mistake in a condition, at a byte of its text.
type conditionError struct {
	offset        int
	message, hint string
}

// conditionErrors compiles a condition and checks that every freeze window it names
// exists. With nil freezes the names are not checked.
func conditionErrors(text string, freezes []string) []conditionError {
	program, err := compile(text)
	if err != nil {
		return []conditionError{conditionErrorOf(text, err)}
	}
	finder := freezeCalls{known: freezes, text: text}
	node := program.Node()
	ast.Walk(&node, &finder)
	return finder.errors
}

// conditionErrorOf is an error of the library with its place, which the library
// counts in characters, in bytes.
func conditionErrorOf(text string, err error) conditionError {
	var at *file.Error
	if !errors.As(err, &at) {
		return conditionError{message: plainWords.Replace(err.Error()), hint: whenHint}
	}
	return conditionError{offset: byteOffset(text, at.From), message: plainWords.Replace(at.Message), hint: wordHint(at.Message)}
}

// unknownWord finds the unknown name in a message of the library.
var unknownWord = regexp.MustCompile(`(?:unknown name|has no field|has no method) (\w+)`)

// wordHint suggests the most similar word that a condition may use, or lists all.
func wordHint(message string) string {
	if m := unknownWord.FindStringSubmatch(message); m != nil {
		if near := strictyaml.Nearest(m[1], conditionWords(reflect.TypeFor[condition]())); near != "" {
			return fmt.Sprintf("did you mean %s?", near)
		}
	}
	if strings.Contains(message, `Operator("=")`) {
		return "compare with ==, as in change.kind == \"deploy\""
	}
	return whenHint
}

// conditionWords are the names and fields that a condition may use, also those in
// lists and maps.
func conditionWords(t reflect.Type) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var words []string
	for i := range t.NumField() {
		f := t.Field(i)
		words = append(append(words, f.Tag.Get("expr")), conditionWords(f.Type)...)
	}
	return words
}

// plainWords replaces the names of Go types in the library's messages.
var plainWords = strings.NewReplacer(
	"type rules.changeWords", "change", "type rules.verdictWords", "verdict", "type rules.serviceWords", "service",
	"map[string]rules.evidenceWords", "signals", "[]rules.evidenceWords", "evidence", "type rules.evidenceWords", "one signal's evidence",
	"rules.changeWords", "change", "rules.verdictWords", "verdict", "rules.serviceWords", "service", "rules.evidenceWords", "one signal's evidence",
	"map[string]string", "labels", "[]string", "list of text", "func(string) bool", "freeze", "func() bool", "business_hours",
	"float64", "a number", "type int", "a number", " and int)", " and a number)", "types int and", "types a number and",
	"unexpected token EOF", "the condition ends too early",
	"type string", "text", "string", "text", "bool", "true or false",
)

const whenHint = "a condition may use change, verdict, evidence, signals, service, freeze(\"name\") and business_hours(); see docs/rules.md"

func byteOffset(text string, characters int) int {
	runes := []rune(text)
	return min(len(text), len(string(runes[:min(max(characters, 0), len(runes))])))
}

// freezeCalls visits calls of freeze. The name must be a literal, because
// one that is computed cannot be checked when the rule is loaded.
type freezeCalls struct {
	known  []string
	text   string
	errors []conditionError
}

// Visit looks at one node; it is called by ast.Walk.
func (f *freezeCalls) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok || call.Callee.String() != "freeze" || len(call.Arguments) != 1 {
		return
	}
	argument := call.Arguments[0]
	at := byteOffset(f.text, argument.Location().From)
	name, ok := argument.(*ast.StringNode)
	switch {
	case !ok:
		f.errors = append(f.errors, conditionError{at, "the name of a freeze window must be written out", `as in freeze("friday")`})
	case f.known != nil && !slices.Contains(f.known, name.Value):
		f.errors = append(f.errors, conditionError{at, fmt.Sprintf("no freeze window is called %q", name.Value), nearest(name.Value, f.known)})
	}
}

// kinds are spelled as in events.
var kinds = []string{string(sources.Deploy), string(sources.Config), string(sources.Flag), string(sources.Experiment)}
