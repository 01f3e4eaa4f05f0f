package jq

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/pushback/pushback/internal/strictyaml"
)

// care is what a function needs before it may run.
type care int

const (
	free    care = iota // made of steps, or never larger than what it gets
	measure             // a guard before and behind
	few                 // compares each with each
	text                // matches a regular expression, which must be written out
	small               // sorts by what its argument gives
	own                 // is replaced by a function of this package
)

// functions are those that an expression may call, by their name, for any number of arguments
// that gojq takes.
var functions = map[string]care{
	"all": free, "any": free, "arrays": free, "booleans": free, "empty": free, "error": free, "first": free, "getpath": free, "has": free, "in": free,
	"isempty": free, "iterables": free, "last": free, "length": free, "limit": free, "map": free, "not": free, "nth": free, "nulls": free,
	"numbers": free, "objects": free, "range": free, "recurse": free, "repeat": free, "scalars": free, "select": free, "skip": free, "strings": free,
	"to_entries": free, "type": free, "until": free, "utf8bytelength": free, "values": free, "while": free, "with_entries": free, "from_entries": free,
	"abs": free, "ceil": free, "floor": free, "round": free, "fabs": free, "null": free, "true": free, "false": free, "isnan": free, "infinite": free, "nan": free,
	"keys": measure, "reverse": measure, "add": measure, "tostring": measure, "tojson": measure, "startswith": measure, "endswith": measure,
	"ltrimstr": measure, "rtrimstr": measure, "trimstr": measure, "trim": measure, "ltrim": measure, "rtrim": measure, "ascii_downcase": measure,
	"ascii_upcase": measure, "toboolean": measure, "flatten": measure, "min": measure, "max": measure, "sort": measure, "unique": measure, "paths": measure,
	"fromdate": text, "fromdateiso8601": text, "todate": free, "todateiso8601": free, "tonumber": text,
	"contains": few, "inside": few, "index": few, "rindex": few, "indices": few, "IN": few,
	"test": text, "match": text, "capture": text, "scan": text, "sub": text, "gsub": text, "splits": text, "split": measure,
	"sort_by": small, "group_by": small, "unique_by": small, "min_by": small, "max_by": small,
	"join": own, "fromjson": own,
}

// matching are the functions whose first argument is a regular expression.
var matching = []string{"test", "match", "capture", "scan", "sub", "gsub", "splits"}

// advice says what to write in the place of what jq has and a mapping does not.
var advice = map[string]string{
	"now": "its result would be another one when the body is sent again", "env": "the environment is not for expressions", "$ENV": "the environment is not for expressions",
	"input": "there is one body", "inputs": "there is one body", "strptime": "give the form of the time under times", "strftime": "give the form of the time under times",
	"mktime": "give the form of the time under times", "map_values": "write with_entries(...)", "del": "make an object of what is needed: {a: .a}",
}

// unknown refuses a function that is not on the list.
func (r *rewriter) unknown(name string) {
	reason := fmt.Sprintf("there is no function %s here", name)
	if why := advice[name]; why != "" {
		r.refuse(name, "%s: %s", reason, why)
		return
	}
	if near := strictyaml.Nearest(name, slices.Sorted(maps.Keys(functions))); near != "" {
		r.refuse(name, "%s: did you mean %s?", reason, near)
		return
	}
	r.refuse(name, "%s: docs/mapping.md lists those that there are", reason)
}

// matches checks a regular expression, and bounds what is put in the place of its matches.
func (r *rewriter) matches(f *gojq.Func) {
	if !slices.Contains(matching, f.Name) {
		return
	}
	r.regexp(f)
	if (f.Name == "sub" || f.Name == "gsub") && len(f.Args) > 1 {
		f.Args[1] = piped(f.Args[1], "_text")
	}
}

// regexp refuses a regular expression that is not written out: one from a body could be anything.
func (r *rewriter) regexp(f *gojq.Func) {
	for i, a := range f.Args {
		if i == 1 && (f.Name == "sub" || f.Name == "gsub") {
			continue
		}
		t := a.Term
		literal := t != nil && t.Type == gojq.TermTypeString && t.Str != nil && len(t.Str.Queries) == 0 && len(t.SuffixList) == 0
		if !literal && (t == nil || t.Type != gojq.TermTypeNull) {
			r.refuse(f.Name, `the regular expression of %s must be written out, as in %s("v[0-9]+")`, f.Name, f.Name)
			return
		}
		if i > 0 || !literal {
			continue
		}
		if _, err := regexp.Compile(strings.ReplaceAll(t.Str.Str, `(?<`, `(?P<`)); err != nil {
			r.refuse(f.Name, "the regular expression of %s is wrong: %s", f.Name, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
	}
}
