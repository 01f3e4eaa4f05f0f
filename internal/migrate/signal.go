package migrate

import (
	"regexp"
	"strings"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/rules"
)

// rule is one rule to be written.
type rule struct {
	doc                 *document
	name, service, from string
	store               string
	bake, every         time.Duration
	timed               bool // a metric has said how long and how often
	metrics             []metric
	notes               []string // what a reader of the rule should know
}

// metric is one metric of a tool, and what it became.
type metric struct {
	question
	signals []signal
	store   string // name of its metric store in pushback.yml, "" for the default one
	again   bool   // it is counted with another rule
}

// signal is one signal to be written: its keys in order, and its own notes.
type signal struct {
	name        string
	keys        []key
	notes       []string
	unsupported string // why it cannot be converted
	instead     string // what to write then
}

type key struct{ name, value string } // value as YAML

func (s *signal) valueOf(name string) string {
	for _, k := range s.keys {
		if k.name == name {
			return k.value
		}
	}
	return ""
}

var invalidChars = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// nameFrom makes a name for a rule or signal from text, or returns otherwise if
// nothing is left of it.
func nameFrom(text, otherwise string) string {
	text = strings.Trim(invalidChars.ReplaceAllString(text, "-"), "-_")
	if text = text[:min(len(text), 44)]; text == "" {
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
