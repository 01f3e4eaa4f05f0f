package strictyaml

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// entry is a key of a mapping with its value.
type entry struct {
	name       string
	key, value *yaml.Node
}

// mappingEntries returns the entries of a mapping. It reports and leaves out duplicate keys,
// keys that are not text, and merge keys.
func (d *decoder) mappingEntries(n *yaml.Node) []entry {
	seen, all := map[string]*yaml.Node{}, []entry(nil)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		first, twice := seen[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.report(key, WrongType, "expected text as a key, found "+describeNode(key), "")
		case len(key.Value) > MaxKey:
			d.report(key, TooLarge, fmt.Sprintf("a key has at most %d bytes", MaxKey), "")
		case key.ShortTag() == "!!merge":
			d.report(key, MergeKey, "merge keys (<<) are not supported", "write the keys out, or use an alias for the whole value")
		case twice:
			d.report(key, DuplicateKey, fmt.Sprintf("the key %q stands here a second time", truncate(key.Value)),
				fmt.Sprintf("the first is on line %d", first.Line))
		default:
			seen[key.Value] = key
			all = append(all, entry{key.Value, key, value})
		}
	}
	return all
}

// decodeStruct decodes a mapping into a struct.
func (d *decoder) decodeStruct(n *yaml.Node, v reflect.Value, path string) {
	if inner, only := inlinedMap(v); only {
		d.decodeMap(n, inner, path)
		return
	}
	fields := fieldsOf(v)
	if n.Kind != yaml.MappingNode {
		d.report(n, WrongType, "expected keys and values, found "+describeNode(n), keysHint(fields))
		return
	}
	for _, e := range d.mappingEntries(n) {
		if d.spent > MaxDecoded {
			return
		}
		at := joinPath(path, e.name)
		field, ok := fields[e.name]
		if !ok {
			d.reportUnknownKey(e, fields)
			continue
		}
		d.positions.setKey(at, e.key)
		d.decodeValue(e.value, field.value, at)
		field.set = true
	}
	d.reportMissingKeys(n, fields)
}

// keysHint says which keys belong where something else stands.
func keysHint(fields map[string]*field) string {
	known := sortedKeys(fields)
	if len(known) == 0 || len(known) > 30 {
		return ""
	}
	return "the keys here are " + strings.Join(known, ", ")
}

// reportUnknownKey reports a key that the struct has no field for. A required key that it is a
// misspelling of is not reported as missing besides.
func (d *decoder) reportUnknownKey(e entry, fields map[string]*field) {
	if len(d.problems) >= maxReports {
		return
	}
	hint, meant := suggestKey(e.name, fields)
	d.report(e.key, UnknownKey, fmt.Sprintf("unknown key %q", truncate(e.name)), hint)
	if f := fields[meant]; f != nil {
		f.misspelt = true
	}
}

// reportMissingKeys reports the required keys that are not in the mapping.
func (d *decoder) reportMissingKeys(n *yaml.Node, fields map[string]*field) {
	for _, name := range sortedKeys(fields) {
		f := fields[name]
		if other := fields[f.unless]; other != nil && (other.set || other.misspelt) {
			continue
		}
		if f.required && !f.set && !f.misspelt {
			d.report(n, MissingField, fmt.Sprintf("the key %q is missing", name), f.example)
		}
	}
}

// decodeMap decodes a mapping into a map with text as keys.
func (d *decoder) decodeMap(n *yaml.Node, v reflect.Value, path string) {
	if !d.checkNodeKind(n, yaml.MappingNode, "keys and values") {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range d.mappingEntries(n) {
		if d.spent > MaxDecoded {
			return
		}
		at := joinPath(path, e.name)
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if key.Kind() != reflect.String {
			d.report(e.key, WrongType, "keys and values cannot stand here", "")
			continue
		}
		key.SetString(e.name)
		d.positions.setKey(at, e.key)
		d.decodeValue(e.value, value, at)
		v.SetMapIndex(key, value)
	}
}

// field is a field of a struct.
type field struct {
	value    reflect.Value
	required bool
	set      bool
	misspelt bool   // an unknown key is most likely meant to be this one
	unless   string // a required key may be missing where this one is written
	example  string // what to write where a required key is missing
}

// fieldsOf returns the fields of a struct by their keys, including those of inlined
// structs. As in the library, the key is the tag, or the field's name in lower case.
func fieldsOf(v reflect.Value) map[string]*field {
	fields := map[string]*field{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if strings.Contains(","+options+",", ",inline,") && v.Field(i).Kind() == reflect.Struct {
			for inner, value := range fieldsOf(v.Field(i)) {
				fields[inner] = value
			}
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		if name != "-" {
			unless, conditional := strings.CutPrefix(f.Tag.Get("required"), "unless ")
			fields[name] = &field{value: v.Field(i), required: conditional || f.Tag.Get("required") == "true", example: exampleOf(f)}
			if conditional {
				fields[name].unless = unless
			}
		}
	}
	return fields
}

// exampleOf is the hint for a required key that is missing.
func exampleOf(f reflect.StructField) string {
	if example := f.Tag.Get("example"); example != "" {
		return "write " + example
	}
	return ""
}

// inlinedMap returns the map that is all of a struct and takes every key, as http_headers of
// Prometheus has.
func inlinedMap(v reflect.Value) (inner reflect.Value, only bool) {
	if v.NumField() != 1 {
		return v, false
	}
	_, options, _ := strings.Cut(v.Type().Field(0).Tag.Get("yaml"), ",")
	return v.Field(0), options == "inline" && v.Field(0).Kind() == reflect.Map
}

// joinPath returns the path of a key.
func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// truncate shortens a key for a message.
func truncate(name string) string {
	if r := []rune(name); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return name
}
