package strictyaml

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"time"

	"go.yaml.in/yaml/v4"
)

// Decode decodes one YAML document into the value that into points to. It returns
// the positions of its values and all problems in file order. If there is a
// problem, into is filled only in part, and must only be used to find further
// problems. An empty document leaves into unchanged.
//
// The `yaml` tag of a field is its key. `yaml:",inline"` inlines a struct.
// `required:"true"` makes a missing key a problem, `required:"unless probes"` if that
// key is missing too; `example:"name: cart"` says what to write. A type may decode itself by
// UnmarshalText (it gets any scalar), UnmarshalYAML(*yaml.Node) or the older
// UnmarshalYAML(func(any) error), so that structs of the Prometheus libraries can
// be used unchanged.
func Decode(data []byte, into any) (*Positions, []Problem) {
	root, p := parse(data)
	if p != nil {
		return &Positions{source: data}, []Problem{*p}
	}
	return (&Positions{source: data, root: root}).DecodeAgain(into)
}

// DecodeAgain decodes the same document into another value, as Decode does. It spares parsing
// it once more, which takes most of the time.
func (p *Positions) DecodeAgain(into any) (*Positions, []Problem) {
	d := &decoder{positions: &Positions{source: p.source, root: p.root, nodes: map[string]nodePair{}}}
	if p.root == nil {
		return d.positions, nil
	}
	d.decodeValue(p.root, reflect.ValueOf(into).Elem(), "")
	return d.positions, inFileOrder(d.problems)
}

// decoder is the state of one call of Decode.
type decoder struct {
	positions *Positions
	problems  []Problem
	aliased   int // number of values decoded inside aliases
	aliases   int // number of aliases around the current value
	depth     int
	spent     int // of MaxDecoded
}

// maxReports bounds the problems that are collected. It is larger than the number
// that is shown, because problems are not found in file order.
const maxReports = 10 * MaxProblems

// report adds a problem at a node.
func (d *decoder) report(n *yaml.Node, code, message, hint string) {
	if len(d.problems) >= maxReports {
		return
	}
	d.problems = append(d.problems, Problem{Line: n.Line, Column: n.Column, Code: code, Message: message, Hint: hint})
}

// aliasBudgetSpent reports whether more than MaxAliased values were decoded inside
// aliases, and adds a problem once. It stops a file in which few aliases stand for
// very many values, and an alias inside its own anchor. Values outside aliases are
// bounded by MaxSize.
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

// nodeCost is what the place of one value takes beside its path, in bytes.
const nodeCost = 64

// memorySpent counts bytes that a value is going to take. It reports whether they are more than
// MaxDecoded, and adds a problem once.
func (d *decoder) memorySpent(n *yaml.Node, bytes int) bool {
	before := d.spent
	d.spent += bytes
	if before <= MaxDecoded && d.spent > MaxDecoded {
		d.report(n, TooLarge, fmt.Sprintf("the values of the file take more than %d MiB", MaxDecoded>>20), "split it into several files")
	}
	return d.spent > MaxDecoded
}

// decodeValue decodes a node into v. If it cannot, it reports a problem and leaves v
// zero. path is the path of the value in Positions.
func (d *decoder) decodeValue(n *yaml.Node, v reflect.Value, path string) {
	if d.aliasBudgetSpent(n) || d.memorySpent(n, len(path)+nodeCost) {
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
		d.report(n, WrongType, "this key has no value", "give it one, or take the key out; what belongs to it is indented below it")
		return
	}
	if d.decodeCustom(n, v, path) {
		return
	}
	d.decodeKind(n, v, path)
}

// decodePointer decodes into what a pointer points to, which it allocates if needed.
func (d *decoder) decodePointer(n *yaml.Node, v reflect.Value, path string) {
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	d.decodeValue(n, v.Elem(), path)
}

// decodeKind decodes by the kind of the Go value.
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

// decodeCustom lets a type decode itself. It returns false if the type cannot.
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

// Shorthand is a struct that may also be written as one scalar, as in
// `min_effect: 10%` in place of {mean: …, slow: …}. Scalar returns a pointer to the
// field that the scalar is decoded into.
type Shorthand interface{ Scalar() any }

// decodeShorthand decodes a scalar or the whole struct.
func (d *decoder) decodeShorthand(n *yaml.Node, s Shorthand, v reflect.Value, path string) {
	if n.Kind == yaml.ScalarNode {
		d.decodeValue(n, reflect.ValueOf(s.Scalar()).Elem(), path)
		return
	}
	d.decodeKind(n, v, path)
}

// errReported ends an UnmarshalYAML(func(any) error) whose problems are already reported.
var errReported = errors.New("already reported")

// decodeNested decodes a node for UnmarshalYAML(func(any) error).
func (d *decoder) decodeNested(n *yaml.Node, into any, path string) error {
	before := len(d.problems)
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("cannot decode into a value that is not a pointer")
	}
	d.decodeValue(n, v.Elem(), path)
	if len(d.problems) > before {
		return errReported
	}
	return nil
}

// reportError reports the error of a type that decodes itself.
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

// checkNodeKind checks that a node has the kind that the target needs, and reports it
// otherwise. what is that kind in words.
func (d *decoder) checkNodeKind(n *yaml.Node, kind yaml.Kind, what string) bool {
	if n.Kind == kind {
		return true
	}
	d.report(n, WrongType, fmt.Sprintf("expected %s, found %s", what, describeNode(n)), "")
	return false
}

// decodeList decodes a sequence into a slice.
func (d *decoder) decodeList(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.report(n, WrongType, "expected a list, found "+describeNode(n), "write a list as [a, b], or each on a line of its own after a dash")
		return
	}
	if d.memorySpent(n, len(n.Content)*int(v.Type().Elem().Size())) {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		if d.spent > MaxDecoded {
			return // making the path costs as well
		}
		d.decodeValue(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

// decodeUntyped decodes into an empty interface: maps, slices and basic values.
func (d *decoder) decodeUntyped(n *yaml.Node, v reflect.Value, path string) {
	if v.NumMethod() > 0 {
		d.report(n, WrongType, "no value can stand here", "")
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
