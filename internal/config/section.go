package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/pushback/pushback/internal/strictyaml"
)

// Kinds is the part of the table of adapters that reading needs: for each kind a
// function that returns a pointer to the adapter's own Config, filled with its
// defaults. Package internal/daemon makes it from its table.
type Kinds struct {
	Metrics, Sources, Hooks, Receivers, Reports map[string]func() any
	Grafana                                     func() any
}

// section decodes a map of named adapters, in which the key `kind` of each entry
// decides which other keys it may have.
//
// It decodes into a struct type that is made for the names in the file:
//
//	struct {
//		F0 struct{ Shared hookKeys; Settings http.Config; Kind string } `yaml:"shop"`
//		F1 …
//	}
//
// so that the strict decoder sees the section as one plain value and reports every
// mistake in every adapter at its own place. Decoding each entry separately was not
// chosen, because it needs a decoder that can start in the middle of a file.
type section struct {
	kinds   map[string]func() any
	shared  any // a struct of the keys that every adapter of this section has; nil: none
	entries map[string]entry
}

// entry is one adapter as it is written. settings is nil where the kind is unknown.
type entry struct {
	kind     string
	shared   any // pointer to the section's shared struct
	settings any // pointer to the adapter's Config

	keys []string // where the kind is missing: the keys there are
}

// UnmarshalYAML reads the section twice: first only the kinds, then strictly. Load
// removes mistakes that both readings report.
func (s *section) UnmarshalYAML(decode func(any) error) error {
	var whole any
	_ = decode(&whole)
	if err := s.nameless(whole); err != nil {
		return err
	}
	var loose map[string]map[string]any
	_ = decode(&loose)
	names := slices.Sorted(maps.Keys(loose))
	fields := make([]reflect.StructField, len(names))
	kinds := make([]string, len(names))
	for i, name := range names {
		kinds[i], _ = loose[name]["kind"].(string)
		fields[i] = reflect.StructField{
			Name: "F" + strconv.Itoa(i), Type: s.entryType(kinds[i]), Tag: yamlTag(name),
		}
	}
	target := reflect.New(reflect.StructOf(fields))
	for i, kind := range kinds {
		s.prefill(target.Elem().Field(i), kind)
	}
	err := decode(target.Interface())
	s.entries = map[string]entry{}
	for i, name := range names {
		s.entries[name] = s.entry(target.Elem().Field(i), kinds[i])
		if s.entries[name].kind == "" {
			s.entries[name] = entry{keys: slices.Sorted(maps.Keys(loose[name]))}
		}
	}
	return err
}

// nameless is the mistake that an adapter stands where the section has names of adapters, or a
// list of them.
func (s *section) nameless(whole any) error {
	hint := fmt.Sprintf("give each a name, as in NAME: {kind: %s, ...}", slices.Min(slices.Collect(maps.Keys(s.kinds))))
	switch whole := whole.(type) {
	case map[string]any:
		if _, is := whole["kind"].(string); is {
			return &strictyaml.ValueError{Code: strictyaml.WrongType, Message: "an entry stands here without a name", Hint: hint}
		}
	case []any:
		return &strictyaml.ValueError{Code: strictyaml.WrongType, Message: "expected names with their settings, found a list", Hint: hint}
	case string:
		return &strictyaml.ValueError{Code: strictyaml.WrongType, Message: "expected names with their settings, found text", Hint: hint}
	}
	return nil
}

// yamlTag is the struct tag of a field with this key.
func yamlTag(name string) reflect.StructTag {
	return reflect.StructTag("yaml:" + strconv.Quote(name))
}

// entryType is what an adapter of this kind decodes into. For an unknown kind it is a
// map that takes all keys, so that only the kind is reported.
func (s *section) entryType(kind string) reflect.Type {
	settings, known := s.kinds[kind]
	if !known {
		return reflect.TypeFor[map[string]any]()
	}
	var fields []reflect.StructField
	if s.shared != nil {
		fields = append(fields, reflect.StructField{Name: "Shared", Type: reflect.TypeOf(s.shared), Tag: `yaml:",inline"`})
	}
	fields = append(fields,
		reflect.StructField{Name: "Settings", Type: reflect.TypeOf(settings()).Elem(), Tag: `yaml:",inline"`},
		reflect.StructField{Name: "Kind", Type: reflect.TypeFor[string](), Tag: `yaml:"kind"`})
	return reflect.StructOf(fields)
}

// prefill sets the adapter's defaults before decoding.
func (s *section) prefill(v reflect.Value, kind string) {
	if settings, known := s.kinds[kind]; known {
		v.FieldByName("Settings").Set(reflect.ValueOf(settings()).Elem())
	}
}

func (s *section) entry(v reflect.Value, kind string) entry {
	e := entry{kind: kind}
	if _, known := s.kinds[kind]; !known {
		return e
	}
	e.settings = v.FieldByName("Settings").Addr().Interface()
	if s.shared != nil {
		e.shared = v.FieldByName("Shared").Addr().Interface()
	}
	return e
}

// single decodes a section that is one adapter without a kind.
type single struct{ settings any }

// UnmarshalYAML decodes the whole section into the adapter's Config.
func (s *single) UnmarshalYAML(decode func(any) error) error { return decode(s.settings) }
