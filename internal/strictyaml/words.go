package strictyaml

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// Words is one piece of text or a list of them: `tell: chat` says the same as
// `tell: [chat]`.
type Words []string

func (d *decoder) words(n *yaml.Node, w *Words, path string) {
	if n.Kind == yaml.SequenceNode {
		d.list(n, reflect.ValueOf((*[]string)(w)).Elem(), path)
		return
	}
	if n.Kind != yaml.ScalarNode {
		d.report(n, WrongType, fmt.Sprintf("expected text or a list of it, found %s", found(n)), "")
		return
	}
	*w = make(Words, 1)
	d.text(n, reflect.ValueOf(w).Elem().Index(0))
}
