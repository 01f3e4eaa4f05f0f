package delta

import (
	"math"
	"reflect"
	"slices"
	"strings"
)

// formula is what a number mostly is, by others of its struct: a sum, difference or
// quotient, from left to right. Where it is just that, nothing is stored; where it is
// nearly that, only the last bits are.
type formula []term

type term struct {
	op   byte // '+', '-', '/'
	name string
	at   int // of the field in the shape
}

// parseFormula reads a formula such as "after-forecast"; "" is none.
func parseFormula(text string) (f formula) {
	op := byte('+')
	for text != "" {
		end := strings.IndexAny(text, "+-/")
		if end < 0 {
			end = len(text)
		}
		f = append(f, term{op: op, name: text[:end]})
		if end == len(text) {
			break
		}
		op, text = text[end], text[end+1:]
	}
	return f
}

func (f formula) text() string {
	if f == nil {
		return ""
	}
	var b strings.Builder
	for i, t := range f {
		if i == 0 {
			b.WriteString("=" + t.name)
			continue
		}
		b.WriteString(string(t.op) + t.name)
	}
	return b.String()
}

// checkFormulas finds the fields that formulas name. It returns the name of a field whose
// formula needs one that is not written before it or is of another kind, "" for none.
func checkFormulas(fields []field) (bad string) {
	for i, f := range fields {
		for k := range f.formula {
			t := &f.formula[k]
			t.at = slices.IndexFunc(fields[:i], func(o field) bool { return o.name == t.name && o.shape.kind == f.shape.kind })
			if t.at < 0 {
				return f.name
			}
		}
		if f.formula != nil && f.shape.kind != floatKind && f.shape.kind != floatsKind {
			return f.name
		}
	}
	return ""
}

func (t term) apply(x, y float64) float64 {
	switch t.op {
	case '-':
		return x - y
	case '/':
		return x / y
	}
	return x + y
}

// number is the formula's value in a struct of a shape.
func (f formula) number(s *shape, v reflect.Value) float64 {
	x := v.Field(s.fields[f[0].at].index).Float()
	for _, t := range f[1:] {
		x = t.apply(x, v.Field(s.fields[t.at].index).Float())
	}
	return x
}

// numbers is the formula's value in a struct, tick by tick; nil where the slices have
// different lengths.
func (f formula) numbers(s *shape, v reflect.Value) []float64 {
	number, n := f.eachNumber(s, v)
	all := make([]float64, n)
	for i := range all {
		all[i] = number(i)
	}
	return all
}

// eachNumber is numbers, computed one by one, and how many there are.
func (f formula) eachNumber(s *shape, v reflect.Value) (number func(i int) float64, n int) {
	first := floatsOf(v.Field(s.fields[f[0].at].index))
	if len(first) == 0 {
		return nil, 0
	}
	terms := make([][]float64, len(f))
	for i, t := range f {
		terms[i] = floatsOf(v.Field(s.fields[t.at].index))
		if len(terms[i]) != len(terms[0]) {
			return nil, 0
		}
	}
	return func(i int) float64 {
		x := terms[0][i]
		for k, t := range f[1:] {
			x = t.apply(x, terms[k+1][i])
		}
		return x
	}, len(terms[0])
}

// readable reports whether the Go type has every field that the formula needs.
func (f formula) readable(s *shape) bool {
	return !slices.ContainsFunc(f, func(t term) bool { return s.fields[t.at].index < 0 })
}

// floatsOf is a slice of numbers, of whatever type it is.
func floatsOf(v reflect.Value) []float64 {
	if v.CanAddr() {
		return *floatsAt(v)
	}
	return v.Convert(reflect.TypeFor[[]float64]()).Interface().([]float64)
}

// floatsAt points to a slice of numbers in a variable. Whatever its type is called, it is
// a slice of float64: there is no other shape of that kind.
func floatsAt(v reflect.Value) *[]float64 { return (*[]float64)(v.Addr().UnsafePointer()) }

// same reports whether two numbers have the same bits; any NaN is like any other.
func same(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}
