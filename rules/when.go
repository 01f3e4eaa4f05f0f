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
	"github.com/expr-lang/expr/vm"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// The bounds of one condition. People write a line; what is longer was not
// written by people.
const (
	maxWhen      = 1000
	maxWhenNodes = 200
	whenMemory   = 10_000
)

// compile checks a condition's types. now() and date() are taken away, and so
// is everything that reaches a clock.
func compile(text string) (*vm.Program, error) {
	if len(text) > maxWhen {
		return nil, fmt.Errorf("a condition is at most %d characters long", maxWhen)
	}
	return expr.Compile(text,
		expr.Env(condition{}), expr.AsBool(), expr.MaxNodes(maxWhenNodes),
		expr.DisableBuiltin("now"), expr.DisableBuiltin("date"), expr.DisableBuiltin("timezone"),
	)
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

// flaw is what is wrong with a condition, at a byte of its text.
type flaw struct {
	offset        int
	message, hint string
}

// flawsOf compiles a condition and holds every freeze it names against those
// there are; nil names means that nobody knows them here.
func flawsOf(text string, freezes []string) []flaw {
	program, err := compile(text)
	if err != nil {
		return []flaw{flawOf(text, err)}
	}
	finder := freezeCalls{known: freezes, text: text}
	node := program.Node()
	ast.Walk(&node, &finder)
	return finder.flaws
}

// flawOf takes the library's message and the place it points at, counted in
// characters there and in bytes here.
func flawOf(text string, err error) flaw {
	var at *file.Error
	if !errors.As(err, &at) {
		return flaw{message: plainly.Replace(err.Error()), hint: whenHint}
	}
	return flaw{offset: byteOffset(text, at.From), message: plainly.Replace(at.Message), hint: wordHint(at.Message)}
}

// unknownWord finds the word that the library does not know.
var unknownWord = regexp.MustCompile(`(?:unknown name|has no field|has no method) (\w+)`)

// wordHint is the nearest word that a condition may use, or all of them.
func wordHint(message string) string {
	if m := unknownWord.FindStringSubmatch(message); m != nil {
		if near := strictyaml.Nearest(m[1], conditionWords(reflect.TypeFor[condition]())); near != "" {
			return fmt.Sprintf("did you mean %s?", near)
		}
	}
	return whenHint
}

// conditionWords are the names and fields a condition may use, whatever lists
// and tables they stand in.
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

// plainly puts our words for the library's, which names Go types.
var plainly = strings.NewReplacer(
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

// freezeCalls visits calls of freeze. The name must be written out: one that
// is computed could not be held against the windows there are.
type freezeCalls struct {
	known []string
	text  string
	flaws []flaw
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
		f.flaws = append(f.flaws, flaw{at, "the name of a freeze window must be written out", `as in freeze("friday")`})
	case f.known != nil && !slices.Contains(f.known, name.Value):
		f.flaws = append(f.flaws, flaw{at, fmt.Sprintf("no freeze window is called %q", name.Value), nearest(name.Value, f.known)})
	}
}

// Kinds are taken from sources so that a condition and an event spell alike.
var kinds = []string{string(sources.Deploy), string(sources.Config), string(sources.Flag), string(sources.Experiment)}
