package migrate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/pushback/pushback/internal/strictyaml"
)

const (
	maxDocuments = 100     // in one file
	maxNodes     = 200_000 // values of one file, aliases counted as what they stand for
)

// readFile returns the objects of a YAML or JSON file; the items of a List count as objects.
func readFile(f File) ([]*document, error) {
	if len(f.Data) > strictyaml.MaxSize {
		return nil, fmt.Errorf("the file is larger than %d KiB: give its objects in several files", strictyaml.MaxSize>>10)
	}
	loader, err := yaml.NewLoader(bytes.NewReader(f.Data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(strictyaml.MaxDepth))))
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	var all []*document
	budget := maxNodes
	for {
		n := new(yaml.Node)
		err := loader.Load(n)
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("the file is not YAML: %w", err)
		}
		if n = expanded(n, &budget); budget < 0 {
			return nil, fmt.Errorf("the file stands for more than %d values: write fewer aliases", maxNodes)
		}
		if all = append(all, objectsOf(f, n)...); len(all) > maxDocuments {
			return nil, fmt.Errorf("the file has more than %d documents: give them in several files", maxDocuments)
		}
	}
}

// expanded copies a value with its aliases and merged mappings written out, so that every value
// has one place.
func expanded(n *yaml.Node, budget *int) *yaml.Node {
	if *budget--; *budget < 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	}
	switch {
	case n.Kind == yaml.AliasNode && n.Alias != nil:
		return expanded(n.Alias, budget)
	case n.Kind == yaml.DocumentNode && len(n.Content) == 1:
		return expanded(n.Content[0], budget)
	}
	c := *n
	c.Content = make([]*yaml.Node, 0, len(n.Content))
	for _, child := range n.Content {
		c.Content = append(c.Content, expanded(child, budget))
	}
	if c.Kind == yaml.MappingNode {
		mergeInto(&c)
	}
	return &c
}

// mergeInto replaces the key << by the keys of its mapping that are not there already.
func mergeInto(n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Value != "<<" || key.Tag != "!!merge" && key.Tag != "" || value.Kind != yaml.MappingNode {
			continue
		}
		n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
		for j := 0; j+1 < len(value.Content); j += 2 {
			if !hasKey(n, value.Content[j].Value) {
				n.Content = append(n.Content, value.Content[j], value.Content[j+1])
			}
		}
		i -= 2
	}
}

func hasKey(n *yaml.Node, name string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return true
		}
	}
	return false
}

// objectsOf returns the items of a List, as kubectl writes it, with the List itself if it says
// anything else, and otherwise the document itself. An empty document is none.
func objectsOf(f File, n *yaml.Node) []*document {
	above := max(f.Line, 1) - 1
	d := newDocument(f.Name, above, n)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "" {
		return nil
	}
	if !strings.HasSuffix(d.kind, "List") || len(d.field().get("items").items()) == 0 {
		return []*document{d}
	}
	var all []*document
	for _, item := range d.field().get("items").items() {
		all = append(all, newDocument(f.Name, above, item.node))
		d.done[item.node] = true
	}
	return append([]*document{d}, all...)
}

// duration parses a duration as the tools write it: 5m, 1h30m, 90s. It returns 0 if
// it cannot.
func duration(text string) time.Duration {
	if d, err := model.ParseDuration(text); err == nil {
		return time.Duration(d)
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0
	}
	return d
}
