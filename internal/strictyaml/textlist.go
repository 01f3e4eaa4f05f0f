package strictyaml

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// TextList is a list of texts, which may also be written as one text: `tell: chat`
// means `tell: [chat]`.
type TextList []string

// decodeTextList decodes a scalar or a sequence of scalars.
func (d *decoder) decodeTextList(n *yaml.Node, l *TextList, path string) {
	if n.Kind == yaml.SequenceNode {
		d.decodeList(n, reflect.ValueOf((*[]string)(l)).Elem(), path)
		return
	}
	if n.Kind != yaml.ScalarNode {
		d.report(n, WrongType, fmt.Sprintf("expected text or a list of it, found %s", describeNode(n)), "")
		return
	}
	*l = make(TextList, 1)
	d.decodeText(n, reflect.ValueOf(l).Elem().Index(0))
}
