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

// Options is what the file does not say.
type Options struct {
	Team    string
	Service string // glob of the services to watch; "" takes what the file says, or all
}

// maxDocuments bounds one file: templates stand beside what uses them.
const maxDocuments = 100

// ErrUnknown says that a file holds nothing of these tools.
var ErrUnknown = errors.New("the file holds no AnalysisTemplate, Canary, MetricTemplate or Kayenta canary config")

// rule is one rule to be written.
type rule struct {
	name, service, from string
	settle, bake, every time.Duration
	signals             []signal
	notes               []string // what has no equal
}

// signal is one signal to be written: its keys in order, and its own notes.
type signal struct {
	name  string
	keys  []key
	notes []string
	lost  string // why it cannot be carried over; then keys say what it was
}

type key struct{ name, value string } // value as YAML

// Convert gives the text of a rule file. The error says what is wrong with the
// file, in words for people.
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

// read gives the documents of a file, those of a List each. JSON is YAML.
func read(data []byte) ([]*yaml.Node, error) {
	if len(data) > strictyaml.MaxSize {
		return nil, fmt.Errorf("the file is larger than %d KiB", strictyaml.MaxSize>>10)
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(strictyaml.MaxDepth))))
	if err != nil {
		return nil, fmt.Errorf("reading YAML: %w", err)
	}
	var all []*yaml.Node
	for {
		n := new(yaml.Node)
		err := loader.Load(n)
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("this is no YAML: %w", err)
		}
		if all = append(all, unlisted(n)...); len(all) > maxDocuments {
			return nil, fmt.Errorf("the file holds more than %d documents", maxDocuments)
		}
	}
}

// unlisted is a document, or what is in it where it is the List that kubectl
// writes of several.
func unlisted(n *yaml.Node) []*yaml.Node {
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

// kindOf is the kind of a document, "" for what is none of Kubernetes.
func kindOf(n *yaml.Node) string {
	var m meta
	if n.Decode(&m) != nil {
		return ""
	}
	return m.Kind
}

// duration reads what the tools write: 5m, 1h30m, 90s, or seconds.
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

var unfit = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// named makes a name that rules and signals can have.
func named(text, otherwise string) string {
	text = strings.Trim(unfit.ReplaceAllString(text, "-"), "-_")
	if text = text[:min(len(text), 60)]; text == "" {
		return otherwise
	}
	return text
}

// loads asks the loader about one signal alone.
func (s signal) loads() string {
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
