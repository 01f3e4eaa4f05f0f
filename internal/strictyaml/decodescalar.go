package strictyaml

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// decodeScalar decodes a scalar into a value of a basic kind.
func (d *decoder) decodeScalar(n *yaml.Node, v reflect.Value) {
	tag, text := n.ShortTag(), strings.ReplaceAll(n.Value, "_", "")
	switch v.Kind() {
	case reflect.String:
		d.decodeText(n, v)
	case reflect.Bool:
		v.SetBool(d.decodeBool(n))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(text, 0, v.Type().Bits())
		if d.checkNumber(n, tag == "!!int" && err == nil, describeTarget(v)) {
			v.SetInt(i)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(text, 0, v.Type().Bits())
		if d.checkNumber(n, tag == "!!int" && err == nil, describeTarget(v)) {
			v.SetUint(u)
		}
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		finite := err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
		if d.checkNumber(n, (tag == "!!int" || tag == "!!float") && finite, describeTarget(v)) {
			v.SetFloat(f)
		}
	default:
		d.report(n, WrongType, "no value can stand here", "")
	}
}

// decodeText refuses a scalar that YAML does not read as text. A version 1.10, for
// example, would lose its zero in a tool that reads a number.
func (d *decoder) decodeText(n *yaml.Node, v reflect.Value) {
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
		v.SetString(n.Value)
	default:
		d.report(n, Unquoted, fmt.Sprintf("expected text, found %s", describeNode(n)), "put quotes around it")
	}
}

// decodeBool accepts only true and false. The words yes, no, on and off, which are
// booleans in YAML 1.1, are text in our files.
func (d *decoder) decodeBool(n *yaml.Node) bool {
	if n.ShortTag() != "!!bool" {
		d.report(n, WrongType, "expected true or false, found "+describeNode(n), "")
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

// checkNumber reports a problem unless ok.
func (d *decoder) checkNumber(n *yaml.Node, ok bool, want string) bool {
	if !ok {
		d.report(n, WrongType, fmt.Sprintf("expected %s, found %s", want, describeNode(n)), "")
	}
	return ok
}

// describeTarget says in plain words what a target accepts.
func describeTarget(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, zero or more"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "text"
	}
}

// describeNode says in plain words what kind of value a node is, without its value.
func describeNode(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!null":
		return "nothing"
	default:
		return "text"
	}
}

// scalarType returns the Go type of a scalar for an untyped target.
func scalarType(n *yaml.Node) reflect.Type {
	switch n.ShortTag() {
	case "!!int":
		return reflect.TypeFor[int64]()
	case "!!float":
		return reflect.TypeFor[float64]()
	case "!!bool":
		return reflect.TypeFor[bool]()
	default:
		return reflect.TypeFor[string]()
	}
}
