package migrate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// document is one object of a file, and what became of each of its values.
type document struct {
	file     string
	above    int // lines of the file above the text
	root     *yaml.Node
	kind     string // "" of a Kayenta canary config
	name     string
	opened   map[*yaml.Node]bool // mappings and lists that were read key by key
	done     map[*yaml.Node]bool // values that were used, left or ignored, with all below them
	left     []Left
	ignored  []Left
	mentions int // paths that were written
}

// maxMentions bounds how many keys of one object are listed.
const maxMentions = 5000

var errTooManyKeys = errors.New("an object has more than 5000 keys that say nothing to a rule: is it one of these tools?")

func newDocument(file string, above int, root *yaml.Node) *document {
	d := &document{file: file, above: above, root: root, opened: map[*yaml.Node]bool{}, done: map[*yaml.Node]bool{}}
	d.kind = d.field().get("kind").text()
	d.name = d.field().get("metadata").get("name").text()
	return d
}

func (d *document) field() field {
	return field{doc: d, node: d.root, line: d.root.Line, column: d.root.Column}
}

// title is the document's kind and name.
func (d *document) title() string {
	switch {
	case d.kind == "" && d.name == "":
		return "document"
	case d.name == "":
		return d.kind
	}
	return strings.TrimSpace(d.kind + " " + d.name)
}

// field is a value of a document. Reading it marks it as used; what nobody has marked is
// listed in the end, so that nothing of a file is passed over.
type field struct {
	doc          *document
	node         *yaml.Node // nil if the document has no such key
	path         string
	line, column int
}

func (f field) exists() bool { return f.node != nil }

// get returns the value of a key of a mapping.
func (f field) get(name string) field {
	for key, value := range f.pairs() {
		if key.Value == name {
			return f.child(joined(f.path, name), value, key)
		}
	}
	return field{doc: f.doc, path: joined(f.path, name), line: f.line, column: f.column}
}

// pairs yields the keys and values of a mapping.
func (f field) pairs() func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if f.node == nil || f.node.Kind != yaml.MappingNode {
			return
		}
		f.doc.opened[f.node] = true
		for i := 0; i+1 < len(f.node.Content); i += 2 {
			if !yield(f.node.Content[i], f.node.Content[i+1]) {
				return
			}
		}
	}
}

// keys returns the values of a mapping with their names.
func (f field) keys() (names []string, values []field) {
	for key, value := range f.pairs() {
		names = append(names, key.Value)
		values = append(values, f.child(joined(f.path, key.Value), value, key))
	}
	return names, values
}

// items returns the values of a list.
func (f field) items() []field {
	if f.node == nil || f.node.Kind != yaml.SequenceNode {
		return nil
	}
	f.doc.opened[f.node] = true
	all := make([]field, len(f.node.Content))
	for i, n := range f.node.Content {
		all[i] = f.child(fmt.Sprintf("%s[%d]", f.path, i), n, n)
	}
	return all
}

func (f field) child(path string, n, at *yaml.Node) field {
	return field{f.doc, n, path, at.Line, at.Column}
}

// joined is the path of a key.
func joined(path, name string) string {
	if name = shortened(printable(name)); path == "" {
		return name
	}
	return path + "." + name
}

func shortened(text string) string {
	if len(text) <= 80 {
		return text
	}
	return strings.ToValidUTF8(text[:80], "") + "…"
}

// text returns a scalar as text, "" if there is none.
func (f field) text() string {
	if f.node == nil || f.node.Kind != yaml.ScalarNode {
		return ""
	}
	f.doc.done[f.node] = true
	if f.node.Tag == "!!null" {
		return ""
	}
	return f.node.Value
}

// isNull reports whether the value is written as null, or left empty.
func (f field) isNull() bool { return f.node != nil && f.node.Tag == "!!null" }

// number returns a scalar that is a finite number.
func (f field) number() (value float64, ok bool) {
	if f.node == nil || f.node.Kind != yaml.ScalarNode {
		return 0, false
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(f.node.Value), 64)
	if err != nil || math.IsInf(value, 0) || math.IsNaN(value) {
		return 0, false
	}
	f.doc.done[f.node] = true
	return value, true
}

// count returns a scalar that is a whole number above zero, 0 otherwise.
func (f field) count() int {
	if n := whole(f.unmarked()); n > 0 {
		f.text()
		return n
	}
	return 0
}

// unmarked returns a scalar as text, and leaves it to others to use it.
func (f field) unmarked() string {
	if f.node == nil || f.node.Kind != yaml.ScalarNode || f.node.Tag == "!!null" {
		return ""
	}
	return f.node.Value
}

// whole returns the whole number above zero and up to a million that a text is, or 0.
func whole(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 || n > 1e6 {
		return 0
	}
	return n
}

// leave lists the value and all below it. It does nothing where there is no value.
func (f field) leave(reason, instead string) {
	if f.node != nil {
		f.doc.left = f.doc.append(f.doc.left, f, reason, instead)
	}
}

// mention lists something that is not there, such as an argument without a value.
func (f field) mention(reason, instead string) {
	f.doc.left = f.doc.append(f.doc.left, field{doc: f.doc, path: f.path, line: f.line, column: f.column}, reason, instead)
}

// ignore lists the value and all below it as something that judges nothing.
func (f field) ignore(reason string) {
	if f.node != nil {
		f.doc.ignored = f.doc.append(f.doc.ignored, f, reason, "")
	}
}

func (d *document) append(to []Left, f field, reason, instead string) []Left {
	l := Left{
		File: d.file, Line: d.above + f.line, Column: f.column, Object: d.title(), Path: f.path,
		Reason: reason, Instead: instead,
	}
	if f.node != nil {
		d.done[f.node] = true
		l.Keys = d.below(f)
	}
	if slices.ContainsFunc(to, func(o Left) bool { return o.Path == l.Path && o.Line == l.Line && o.Reason == l.Reason }) {
		return to
	}
	d.mentions++
	return append(to, l)
}

// below lists the paths of all keys below a value.
func (d *document) below(f field) (paths []string) {
	_, values := f.unread()
	for _, v := range values {
		if d.mentions++; d.mentions > maxMentions {
			return paths
		}
		if v.node.Kind == yaml.ScalarNode || len(v.node.Content) == 0 || !strings.HasSuffix(v.path, "]") {
			paths = append(paths, v.path)
		}
		paths = append(paths, d.below(v)...)
	}
	return paths
}

// unread returns the values right below a value without marking anything.
func (f field) unread() (names []string, values []field) {
	opened := f.doc.opened[f.node]
	names, values = f.keys()
	values = append(values, f.items()...)
	if !opened {
		delete(f.doc.opened, f.node)
	}
	return names, values
}

// rest lists what nobody has marked.
func (d *document) rest() error {
	d.leaveRest("no rule has anything like it", "")
	if d.mentions > maxMentions {
		return errTooManyKeys
	}
	return nil
}

// leaveRest lists what nobody has marked, for one reason.
func (d *document) leaveRest(reason, instead string) { d.field().leaveRest(reason, instead) }

func (f field) leaveRest(reason, instead string) {
	if f.node == nil || f.doc.done[f.node] || f.doc.mentions > maxMentions {
		return
	}
	if !f.doc.opened[f.node] {
		f.leave(reason, instead)
		return
	}
	_, values := f.unread()
	for _, v := range values {
		v.leaveRest(reason, instead)
	}
}
