package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// Kinds is the table of adapters there are: for each kind a function that
// gives a pointer to the adapter's own Config, filled with its defaults. It
// comes from cmd, which alone may import all of them.
type Kinds struct {
	Metrics, Sources, Hooks, Receivers map[string]func() any
	Grafana                            func() any
}

// section decodes a table of named adapters, in which the key `kind` of each
// decides what the other keys may be.
//
// The target is a struct type made for the names that stand in the file:
//
//	struct {
//		F0 struct{ Shared hookKeys; Settings http.Config; Kind string } `yaml:"shop"`
//		F1 …
//	}
//
// so that the strict decoder sees the section as one plain value and reports
// every mistake in every adapter at its own place. The road not taken is
// decoding each entry by itself, which would need a decoder that can start in
// the middle of a file.
type section struct {
	kinds   map[string]func() any
	shared  any // the keys every adapter of this section has, a struct; nil: none
	entries map[string]entry
}

// entry is one adapter as it was written. settings is nil where the kind is
// unknown.
type entry struct {
	kind     string
	shared   any // pointer to the section's shared struct
	settings any // pointer to the adapter's Config
}

// UnmarshalYAML reads the section twice: loosely for the kinds, then strictly.
// What both report is one mistake; Load drops the repetition.
func (s *section) UnmarshalYAML(decode func(any) error) error {
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
	}
	return err
}

// yamlTag is the tag that gives a field this key.
func yamlTag(name string) reflect.StructTag {
	return reflect.StructTag("yaml:" + strconv.Quote(name))
}

// entryType is what an adapter of this kind decodes into. Anything goes where
// the kind is unknown: one mistake is enough to report.
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

// prefill puts the adapter's defaults where the file says nothing.
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

// single decodes an adapter that has no siblings and so no kind.
type single struct{ settings any }

// UnmarshalYAML hands the whole section to the adapter's Config.
func (s *single) UnmarshalYAML(decode func(any) error) error { return decode(s.settings) }
