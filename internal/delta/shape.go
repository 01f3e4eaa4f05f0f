package delta

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// kind is how the values of a shape are written.
type kind byte

// The letters by which a stored schema names the kinds.
const (
	boolKind   kind = 'b'
	intKind    kind = 'i'
	floatKind  kind = 'f'
	textKind   kind = 's'
	timeKind   kind = 't'
	floatsKind kind = 'F' // a slice of numbers
	sliceKind  kind = '['
	ptrKind    kind = '*'
	structKind kind = '{'
)

// shape is how a type is written: the type itself, or what a stored schema says of it.
type shape struct {
	kind   kind
	typ    reflect.Type // nil: nothing has this any more, and it is skipped
	elem   *shape       // of a slice or pointer
	fields []field      // of a struct, in the order in which they are written
}

// field is one field of a struct.
type field struct {
	name    string
	index   int // in the Go struct; -1: it has none of that name
	shape   *shape
	formula formula // what the field mostly is, by the fields before it; nil: what it was
}

var timeType = reflect.TypeFor[time.Time]()

// shapeOf is the shape of a Go type. It panics for a type that cannot be stored, which is
// a mistake of the program.
func shapeOf(t reflect.Type, formulas map[string]string) *shape {
	s := &shape{typ: t}
	switch t.Kind() {
	case reflect.Bool:
		s.kind = boolKind
	case reflect.Int, reflect.Int64:
		s.kind = intKind
	case reflect.Float64:
		s.kind = floatKind
	case reflect.String:
		s.kind = textKind
	case reflect.Pointer:
		s.kind, s.elem = ptrKind, shapeOf(t.Elem(), formulas)
	case reflect.Slice:
		s.kind, s.elem = sliceKind, shapeOf(t.Elem(), formulas)
		if s.elem.kind == floatKind {
			s.kind = floatsKind
		}
	case reflect.Struct:
		if s.kind = timeKind; t != timeType {
			s.kind, s.fields = structKind, fieldsOf(t, formulas)
		}
	default:
		panic(fmt.Sprintf("delta: a value of type %s cannot be stored", t))
	}
	return s
}

// fieldsOf are the fields of a struct: those with a formula last, because they need the
// others.
func fieldsOf(t reflect.Type, formulas map[string]string) []field {
	var plain, derived []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" || name == "-" {
			panic(fmt.Sprintf("delta: field %s of %s has no name in JSON, by which it would be stored", f.Name, t))
		}
		one := field{name: name, index: i, shape: shapeOf(f.Type, formulas)}
		if text := formulas[t.Name()+"."+name]; text != "" {
			one.formula = parseFormula(text)
			derived = append(derived, one)
			continue
		}
		plain = append(plain, one)
	}
	all := append(plain, derived...)
	if bad := checkFormulas(all); bad != "" {
		panic(fmt.Sprintf("delta: the formula of %s in %s names no number that is written before it", bad, t))
	}
	return all
}

// schema is a shape as text, as it is stored.
func (s *shape) schema() string {
	switch s.kind {
	case sliceKind, ptrKind:
		return string(s.kind) + s.elem.schema()
	case structKind:
		var b strings.Builder
		b.WriteByte(byte(structKind))
		for _, f := range s.fields {
			b.WriteString(f.name + ":" + f.shape.schema() + f.formula.text() + ",")
		}
		return b.String() + "}"
	}
	return string(s.kind)
}

// bind gives the shape that a stored schema describes the Go type that it is read into.
// It reports whether that can hold it; a field that cannot is skipped.
func (s *shape) bind(now *shape) bool {
	if now.kind != s.kind || s.elem != nil && !s.elem.bind(now.elem) {
		return false
	}
	s.typ = now.typ
	for i := range s.fields {
		for _, f := range now.fields {
			if f.name == s.fields[i].name && s.fields[i].shape.bind(f.shape) {
				s.fields[i].index = f.index
			}
		}
	}
	return true
}
