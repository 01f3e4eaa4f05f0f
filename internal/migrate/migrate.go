package migrate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing/fstest"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
)

// Options is what the converted file does not contain.
type Options struct {
	Team    string
	Service string // glob of the services to watch; "" takes what the file says, or all
}

// maxDocuments is how many documents one file may have.
const maxDocuments = 100

// ErrUnknown is returned for a file without any configuration of these tools.
var ErrUnknown = errors.New("the file has no AnalysisTemplate, Canary, MetricTemplate or Kayenta canary config")

// rule is one rule to be written.
type rule struct {
	name, service, from string
	settle, bake, every time.Duration
	signals             []signal
	notes               []string // about what has no equivalent
}

// signal is one signal to be written: its keys in order, and its own notes.
type signal struct {
	name        string
	keys        []key
	notes       []string
	unsupported string // why it cannot be carried over; then keys say what it was
}

type key struct{ name, value string } // value as YAML

// Convert returns the text of a rule file. Its error says in a sentence what is wrong
// with the file.
func Convert(data []byte, o Options) (string, error) {
	documents, err := read(data)
	if err != nil {
		return "", err
	}
	var all []rule
	for _, read := range []func([]*yaml.Node) ([]rule, error){argo, flagger, kayenta} {
		some, err := read(documents)
		if err != nil {
			return "", err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return "", ErrUnknown
	}
	return write(all, o)
}

// read returns the documents of a YAML or JSON file; the items of a List count as
// documents.
func read(data []byte) ([]*yaml.Node, error) {
	if len(data) > strictyaml.MaxSize {
		return nil, fmt.Errorf("the file is larger than %d KiB", strictyaml.MaxSize>>10)
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(strictyaml.MaxDepth))))
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	var all []*yaml.Node
	for {
		n := new(yaml.Node)
		err := loader.Load(n)
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("the file is not YAML: %w", err)
		}
		if all = append(all, documentsIn(n)...); len(all) > maxDocuments {
			return nil, fmt.Errorf("the file has more than %d documents", maxDocuments)
		}
	}
}

// documentsIn returns the items of a document that is a List, as kubectl writes it,
// and otherwise the document itself.
func documentsIn(n *yaml.Node) []*yaml.Node {
	var list struct {
		Items []yaml.Node `yaml:"items"`
	}
	if kindOf(n) != "List" || n.Decode(&list) != nil {
		return []*yaml.Node{n}
	}
	all := make([]*yaml.Node, len(list.Items))
	for i := range list.Items {
		all[i] = &list.Items[i]
	}
	return all
}

// meta is what every object of Kubernetes has.
type meta struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name      string `yaml:"name"`
		Namespace string `yaml:"namespace"`
	} `yaml:"metadata"`
}

// kindOf returns the Kubernetes kind of a document, "" if it has none.
func kindOf(n *yaml.Node) string {
	var m meta
	if n.Decode(&m) != nil {
		return ""
	}
	return m.Kind
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

var invalidChars = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// nameFrom makes a name for a rule or signal from text, or returns otherwise if
// nothing is left of it.
func nameFrom(text, otherwise string) string {
	text = strings.Trim(invalidChars.ReplaceAllString(text, "-"), "-_")
	if text = text[:min(len(text), 60)]; text == "" {
		return otherwise
	}
	return text
}

// loadError returns why the loader refuses the signal, "" if it does not.
func (s signal) loadError() string {
	var b strings.Builder
	b.WriteString("team: t\nrules:\n  - name: r\n    watch: {service: \"*\"}\n    signals:\n")
	s.write(&b, "      ")
	_, found := rules.Load(fsOf(b.String()), rules.World{})
	if len(found) == 0 {
		return ""
	}
	return found[0].Message
}

func fsOf(text string) fstest.MapFS { return fstest.MapFS{"r.yml": {Data: []byte(text)}} }
