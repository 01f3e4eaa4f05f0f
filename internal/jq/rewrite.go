package jq

import (
	"fmt"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// A step of gojq is short, but for what it does in Go: `+` and `*` make one value of two,
// tojson writes one out, a regular expression makes an object of each match. Ten `. + .` make a
// thousand times the body. Therefore the tree of an expression is changed before it is
// compiled:
//
//	a + b, a * b, join(a)   functions of our own, which measure first
//	"\(a)"                  such an addition
//	f(...)                  _fits | f(...) | _fits, for the functions in Go
//	a == b, a - b           with a guard for both
//
// What is not on the list of functions is refused.

// rewriter changes a tree in place, and finds the first thing that it does not take.
type rewriter struct {
	text    string
	defined []string // functions that the expression defines
	found   *SyntaxError
}

func (r *rewriter) refuse(word, format string, args ...any) {
	if r.found == nil {
		r.found = errorAt(r.text, max(0, wordAt(r.text, word), strings.Index(r.text, word)), fmt.Sprintf(format, args...))
	}
}

func (r *rewriter) queries(all ...*gojq.Query) {
	for _, q := range all {
		if q != nil {
			r.query(q)
		}
	}
}

func (r *rewriter) query(q *gojq.Query) {
	if len(q.Imports) > 0 || q.Meta != nil {
		r.refuse("import", "modules cannot be read")
		return
	}
	before := len(r.defined)
	for _, d := range q.FuncDefs {
		r.defined = append(r.defined, d.Name)
		within := len(r.defined)
		r.defined = append(r.defined, d.Args...)
		r.query(d.Body)
		r.defined = r.defined[:within]
	}
	r.patterns(q.Patterns)
	r.queries(q.Left, q.Right)
	if q.Term != nil {
		r.term(q.Term)
	}
	r.defined = r.defined[:before]
	r.operator(q)
}

// operator puts a guard around both sides of an operator.
func (r *rewriter) operator(q *gojq.Query) {
	switch q.Op {
	case gojq.OpAdd:
		r.call(q, "_bounded_add")
	case gojq.OpMul:
		r.call(q, "_bounded_mul")
	case gojq.OpSub:
		q.Left, q.Right = piped(q.Left, "_few"), piped(q.Right, "_few")
	case gojq.OpDiv, gojq.OpEq, gojq.OpNe, gojq.OpLt, gojq.OpLe, gojq.OpGt, gojq.OpGe:
		q.Left, q.Right = piped(q.Left, "_fits"), piped(q.Right, "_fits")
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		r.refuse(q.Op.String(), "nothing can be assigned: make a new value, as in {a: .a, b: 1}")
	}
}

// call makes a call of an operator.
func (r *rewriter) call(q *gojq.Query, name string) {
	*q = gojq.Query{FuncDefs: q.FuncDefs, Term: called(name, q.Left, q.Right).Term}
}

// piped is q with a guard behind it.
func piped(q *gojq.Query, guard string) *gojq.Query {
	return &gojq.Query{Left: q, Op: gojq.OpPipe, Right: called(guard)}
}

// called is a call. Functions of this package get the work of the run first, to count what they do.
func called(name string, args ...*gojq.Query) *gojq.Query {
	if strings.HasPrefix(name, "_") {
		args = append([]*gojq.Query{called(workVariable)}, args...)
	}
	return &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name, Args: args}}}
}

func (r *rewriter) patterns(all []*gojq.Pattern) {
	for _, p := range all {
		if p == nil {
			continue
		}
		r.patterns(p.Array)
		for _, o := range p.Object {
			r.queries(o.KeyQuery)
			r.literal(o.KeyString)
			if o.Val != nil {
				r.patterns([]*gojq.Pattern{o.Val})
			}
		}
	}
}

// literal refuses a key that is made of parts, where no guard can stand.
func (r *rewriter) literal(s *gojq.String) {
	if s != nil && len(s.Queries) > 0 {
		r.refuse(`\(`, `a key cannot be put together here: write it in parentheses, as in ("a" + .b)`)
	}
}

func (r *rewriter) term(t *gojq.Term) {
	r.index(t.Index)
	for _, s := range t.SuffixList {
		r.index(s.Index)
	}
	switch t.Type {
	case gojq.TermTypeFunc:
		r.function(t)
	case gojq.TermTypeFormat, gojq.TermTypeString:
		r.string(t)
	case gojq.TermTypeObject:
		r.object(t.Object)
	case gojq.TermTypeUnary:
		r.term(t.Unary.Term)
	case gojq.TermTypeNumber:
		if len(t.Number) > maxDigits {
			r.refuse(t.Number, "a number has at most %d digits", maxDigits)
		}
	default:
		r.control(t)
	}
}

// control changes what is within if, try, reduce and the like.
func (r *rewriter) control(t *gojq.Term) {
	r.queries(t.Query)
	switch {
	case t.Array != nil:
		r.queries(t.Array.Query)
	case t.If != nil:
		r.queries(t.If.Cond, t.If.Then, t.If.Else)
		for _, e := range t.If.Elif {
			r.queries(e.Cond, e.Then)
		}
	case t.Try != nil:
		r.queries(t.Try.Body, t.Try.Catch)
	case t.Reduce != nil:
		r.patterns(t.Reduce.Patterns)
		r.queries(t.Reduce.Query, t.Reduce.Start, t.Reduce.Update)
	case t.Foreach != nil:
		r.patterns(t.Foreach.Patterns)
		r.queries(t.Foreach.Query, t.Foreach.Start, t.Foreach.Update, t.Foreach.Extract)
	case t.Label != nil:
		r.queries(t.Label.Body)
	}
}

func (r *rewriter) index(i *gojq.Index) {
	if i != nil {
		r.literal(i.Str)
		if i.Start != nil && !i.IsSlice {
			r.queries(i.Start)
			i.Start = piped(i.Start, "_few") // an array as index searches for it
			return
		}
		r.queries(i.Start, i.End)
	}
}

func (r *rewriter) object(o *gojq.Object) {
	for _, kv := range o.KeyVals {
		r.literal(kv.KeyString)
		r.queries(kv.KeyQuery, kv.Val)
	}
}

// formats are the @names.
var formats = []string{"@text", "@json", "@csv", "@tsv", "@html", "@uri", "@sh", "@base64", "@base64d"}

// string makes additions of a string with parts, and puts guards around a format.
func (r *rewriter) string(t *gojq.Term) {
	if t.Format != "" && !slices.Contains(formats, t.Format) {
		r.refuse(t.Format, "there is no format %s: write one of %s", t.Format, strings.Join(formats, ", "))
		return
	}
	suffixes := t.SuffixList
	switch {
	case t.Str == nil:
		inner := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFormat, Format: t.Format}}
		*t = gojq.Term{Type: gojq.TermTypeQuery, Query: piped(&gojq.Query{Left: called("_fits"), Op: gojq.OpPipe, Right: inner}, "_fits"), SuffixList: suffixes}
	case len(t.Str.Queries) > 0:
		*t = gojq.Term{Type: gojq.TermTypeQuery, Query: r.joined(t.Str, t.Format), SuffixList: suffixes}
	}
}

// joined is a string as the sum of its parts.
func (r *rewriter) joined(s *gojq.String, format string) *gojq.Query {
	sum := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeString, Str: &gojq.String{}}}
	for _, part := range s.Queries {
		literal := part.Term != nil && part.Term.Type == gojq.TermTypeString && part.Term.Str != nil && len(part.Term.Str.Queries) == 0 && len(part.Term.SuffixList) == 0
		if !literal {
			r.query(part)
			as := called("tostring")
			if format != "" {
				as = &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFormat, Format: format}}
			}
			part = &gojq.Query{Left: piped(part, "_fits"), Op: gojq.OpPipe, Right: as}
		}
		sum = called("_bounded_add", sum, part)
	}
	return sum
}

func (r *rewriter) function(t *gojq.Term) {
	f := t.Func
	r.queries(f.Args...)
	if strings.HasPrefix(f.Name, "$") || slices.Contains(r.defined, f.Name) {
		if f.Name == "$ENV" || strings.HasPrefix(f.Name, "$__") {
			r.unknown(f.Name)
		}
		return
	}
	needs, known := functions[f.Name]
	if !known {
		r.unknown(f.Name)
		return
	}
	r.guard(t, f, needs)
}

// guard puts guards around a call.
func (r *rewriter) guard(t *gojq.Term, f *gojq.Func, needs care) {
	before := map[care]string{measure: "_fits", few: "_few", text: "_text", small: "_fits"}[needs]
	switch needs {
	case free:
		return
	case own:
		t.Func = called("_bounded_"+f.Name, f.Args...).Term.Func
		return
	case small:
		for i := range f.Args {
			f.Args[i] = piped(f.Args[i], "_few")
		}
	case few:
		for i := range f.Args {
			f.Args[i] = piped(f.Args[i], "_few")
		}
	case text:
		r.matches(f)
	case measure:
		if f.Name == "split" && len(f.Args) == 2 {
			before = "_text"
			r.regexp(f)
		}
		if f.Name == "add" && len(f.Args) == 1 { // [f] | add
			array := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeArray, Array: &gojq.Array{Query: f.Args[0]}}}
			*t = gojq.Term{Type: gojq.TermTypeQuery, Query: piped(&gojq.Query{Left: piped(array, "_fits"), Op: gojq.OpPipe, Right: called("add")}, "_fits"), SuffixList: t.SuffixList}
			return
		}
	}
	inner := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: f}}
	*t = gojq.Term{Type: gojq.TermTypeQuery, Query: piped(&gojq.Query{Left: called(before), Op: gojq.OpPipe, Right: inner}, "_fits"), SuffixList: t.SuffixList}
}
