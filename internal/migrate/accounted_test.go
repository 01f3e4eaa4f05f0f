package migrate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const stranger = "zzUnknownKey"

// A key that no reader knows, at any place of any example, is named in the result.
func TestEveryKeyIsAccountedFor(t *testing.T) {
	for _, e := range examples {
		documents := nodesOf(t, exampleFile(t, e.file).Data)
		places := 0
		for i, d := range documents {
			eachMapping(d, "", func(n *yaml.Node, path string) {
				places++
				n.Content = append(n.Content, scalarNode(stranger), scalarNode("1"))
				checkNamed(t, e.file, documents, i, joined(path, stranger), e.options)
				n.Content = n.Content[:len(n.Content)-2]
			})
		}
		if places < 10 {
			t.Errorf("%s has %d places only", e.file, places)
		}
	}
}

// A value of another form than a reader expects is not taken for one that is missing.
func TestEveryFormIsAccountedFor(t *testing.T) {
	for _, e := range examples {
		documents := nodesOf(t, exampleFile(t, e.file).Data)
		for i, d := range documents {
			eachValue(d, "", func(n *yaml.Node, path string) {
				before := *n
				*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{scalarNode(stranger), scalarNode("1")}}
				if path != "kind" && path != "metadata.name" && path != "metadata.namespace" {
					checkNamed(t, e.file, documents, i, joined(path, stranger), e.options)
				}
				*n = before
			})
		}
	}
}

// checkNamed converts documents, and looks for the path of a key in what was left or ignored.
func checkNamed(t *testing.T, file string, documents []*yaml.Node, changed int, path string, o Options) {
	t.Helper()
	var b bytes.Buffer
	for _, d := range documents {
		text, err := yaml.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "---\n%s", text)
	}
	o.Team = "t"
	got, err := Convert([]File{{Name: file, Data: b.Bytes()}}, o)
	if err != nil {
		t.Errorf("%s, document %d, %s: %v", file, changed, path, err)
		return
	}
	named := slices.ContainsFunc(slices.Concat(got.Left, got.Ignored), func(l Left) bool {
		return l.Path == path || slices.Contains(l.Keys, path) || strings.TrimSuffix(path, "."+stranger) == l.Path
	})
	if !named {
		t.Errorf("%s, document %d: nothing names %s:\n%s", file, changed, path, got.Rules)
	}
}

func nodesOf(t *testing.T, data []byte) (all []*yaml.Node) {
	t.Helper()
	documents, err := readFile(File{Name: "in", Data: data})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range documents {
		all = append(all, d.root)
	}
	return all
}

func scalarNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// eachMapping calls f for every mapping, with its path.
func eachMapping(n *yaml.Node, path string, f func(*yaml.Node, string)) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			eachMapping(n.Content[i+1], joined(path, n.Content[i].Value), f)
		}
		f(n, path)
	case yaml.SequenceNode:
		for i, item := range n.Content {
			eachMapping(item, fmt.Sprintf("%s[%d]", path, i), f)
		}
	}
}

// eachValue calls f for every scalar, with its path.
func eachValue(n *yaml.Node, path string, f func(*yaml.Node, string)) {
	switch n.Kind {
	case yaml.ScalarNode:
		f(n, path)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			eachValue(n.Content[i+1], joined(path, n.Content[i].Value), f)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			eachValue(item, fmt.Sprintf("%s[%d]", path, i), f)
		}
	}
}
