package strictyaml

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// TextList is one piece of text or a list of them: `tell: chat` says the same as
// `tell: [chat]`.
type TextList []string

func (d *decoder) decodeTextList(n *yaml.Node, w *TextList, path string) {
	if n.Kind == yaml.SequenceNode {
		d.decodeList(n, reflect.ValueOf((*[]string)(w)).Elem(), path)
		return
	}
	if n.Kind != yaml.ScalarNode {
		d.report(n, WrongType, fmt.Sprintf("expected text or a list of it, found %s", describeNode(n)), "")
		return
	}
	*w = make(TextList, 1)
	d.decodeText(n, reflect.ValueOf(w).Elem().Index(0))
}
