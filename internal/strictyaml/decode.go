package strictyaml

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"time"

	"go.yaml.in/yaml/v4"
)

// Decode fills into, a pointer, from one YAML document, and returns where its
// values stand together with every problem in file order. into is filled as
// far as could be understood; with any problem it must not be used for more
// than finding further problems. An empty document leaves into as it is.
//
// Fields are named by their `yaml` tag; `yaml:",inline"` is honoured, and
// `required:"true"` makes a missing key a problem. Types speak for themselves
// through UnmarshalText (any scalar is handed over), UnmarshalYAML(*yaml.Node)
// or the older UnmarshalYAML(func(any) error), so that structs of the
// Prometheus libraries can be used as they are.
func Decode(data []byte, into any) (*Positions, []Problem) {
	d := &decoder{positions: &Positions{source: data, nodes: map[string]nodePair{}}}
	root, p := parse(data)
	if p != nil {
		return d.positions, []Problem{*p}
	}
	if root == nil {
		return d.positions, nil
	}
	d.decodeValue(root, reflect.ValueOf(into).Elem(), "")
	return d.positions, inFileOrder(d.problems)
}

type decoder struct {
	positions *Positions
	problems  []Problem
	aliased   int // values reached through an alias
	aliases   int // how many aliases we are inside of
	depth     int
}

// maxReports ends the search for mistakes in a file that has nothing else: ten
// times what is shown, since some are found out of order.
const maxReports = 10 * MaxProblems

func (d *decoder) report(n *yaml.Node, code, message, hint string) {
	if len(d.problems) >= maxReports {
		return
	}
	d.problems = append(d.problems, Problem{Line: n.Line, Column: n.Column, Code: code, Message: message, Hint: hint})
}

// aliasBudgetSpent says whether the budget of values reached through aliases is used up,
// and reports it once. A bomb of aliases ends here, as does an alias inside
// its own anchor; what was written out is bounded by MaxSize already.
func (d *decoder) aliasBudgetSpent(n *yaml.Node) bool {
	if d.aliases > 0 {
		d.aliased++
	}
	if d.aliased == MaxAliased+1 {
		d.report(n, TooLarge, fmt.Sprintf("aliases stand for more than %d values", MaxAliased), "write fewer of them")
		d.aliased++
	}
	return d.aliased > MaxAliased
}

// decodeValue decodes one node. It reports, and leaves v zero, where it cannot.
func (d *decoder) decodeValue(n *yaml.Node, v reflect.Value, path string) {
	if d.aliasBudgetSpent(n) {
		return
	}
	if d.depth++; d.depth > 2*MaxDepth {
		d.report(n, TooDeep, fmt.Sprintf("values nest deeper than %d levels", MaxDepth), "")
		d.aliased = MaxAliased + 2
	}
	defer func() { d.depth-- }()
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
		d.aliases++
		defer func() { d.aliases-- }()
	}
	d.positions.set(path, n)
	if v.Kind() == reflect.Pointer {
		d.decodePointer(n, v, path)
		return
	}
	if n.ShortTag() == "!!null" {
		d.report(n, WrongType, "this key has no value", "give it one, or take the key out")
		return
	}
	if d.decodeCustom(n, v, path) {
		return
	}
	d.decodeKind(n, v, path)
}

func (d *decoder) decodePointer(n *yaml.Node, v reflect.Value, path string) {
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	d.decodeValue(n, v.Elem(), path)
}

func (d *decoder) decodeKind(n *yaml.Node, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, v, path)
	case reflect.Map:
		d.decodeMap(n, v, path)
	case reflect.Slice:
		d.decodeList(n, v, path)
	case reflect.Interface:
		d.decodeUntyped(n, v, path)
	default:
		if d.checkNodeKind(n, yaml.ScalarNode, describeTarget(v)) {
			d.decodeScalar(n, v)
		}
	}
}

// decodeCustom lets a type decode itself and says whether it did.
func (d *decoder) decodeCustom(n *yaml.Node, v reflect.Value, path string) bool {
	if !v.CanAddr() {
		return false
	}
	switch u := v.Addr().Interface().(type) {
	case *time.Duration:
		if d.checkNodeKind(n, yaml.ScalarNode, "a duration such as 30m") {
			d.reportError(n, (*Duration)(u).UnmarshalText([]byte(n.Value)))
		}
	case Shorthand:
		d.decodeShorthand(n, u, v, path)
	case *TextList:
		d.decodeTextList(n, u, path)
	case yaml.Unmarshaler:
		d.reportError(n, u.UnmarshalYAML(n))
	case interface{ UnmarshalYAML(func(any) error) error }:
		d.reportError(n, u.UnmarshalYAML(func(into any) error { return d.decodeNested(n, into, path) }))
	case encoding.TextUnmarshaler:
		if d.checkNodeKind(n, yaml.ScalarNode, "a single value") {
			d.reportError(n, u.UnmarshalText([]byte(n.Value)))
		}
	default:
		return false
	}
	return true
}

// Shorthand is a struct that may also be written as one plain value, as in
// `min_effect: 10%` for the longer {mean: …, slow: …}. Scalar gives a pointer
// to what the plain value fills.
type Shorthand interface{ Scalar() any }

func (d *decoder) decodeShorthand(n *yaml.Node, s Shorthand, v reflect.Value, path string) {
	if n.Kind == yaml.ScalarNode {
		d.decodeValue(n, reflect.ValueOf(s.Scalar()).Elem(), path)
		return
	}
	d.decodeKind(n, v, path)
}

// errReported ends an old-style UnmarshalYAML whose problems are known.
var errReported = errors.New("already reported")

func (d *decoder) decodeNested(n *yaml.Node, into any, path string) error {
	before := len(d.problems)
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("nothing to decode into")
	}
	d.decodeValue(n, v.Elem(), path)
	if len(d.problems) > before {
		return errReported
	}
	return nil
}

func (d *decoder) reportError(n *yaml.Node, err error) {
	var invalid *ValueError
	switch {
	case err == nil || errors.Is(err, errReported):
	case errors.As(err, &invalid):
		code := invalid.Code
		if code == "" {
			code = BadValue
		}
		d.report(n, code, invalid.Message, invalid.Hint)
	default:
		d.report(n, BadValue, err.Error(), "")
	}
}

// checkNodeKind reports a node of another shape than the target's.
func (d *decoder) checkNodeKind(n *yaml.Node, kind yaml.Kind, what string) bool {
	if n.Kind == kind {
		return true
	}
	d.report(n, WrongType, fmt.Sprintf("expected %s, found %s", what, describeNode(n)), "")
	return false
}

func (d *decoder) decodeList(n *yaml.Node, v reflect.Value, path string) {
	if !d.checkNodeKind(n, yaml.SequenceNode, "a list") {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.decodeValue(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *decoder) decodeUntyped(n *yaml.Node, v reflect.Value, path string) {
	if v.NumMethod() > 0 {
		d.report(n, WrongType, "nothing can stand here", "")
		return
	}
	var inner reflect.Value
	switch n.Kind {
	case yaml.MappingNode:
		inner = reflect.ValueOf(new(map[string]any)).Elem()
	case yaml.SequenceNode:
		inner = reflect.ValueOf(new([]any)).Elem()
	default:
		inner = reflect.New(scalarType(n)).Elem()
	}
	d.decodeKind(n, inner, path)
	v.Set(inner)
}
