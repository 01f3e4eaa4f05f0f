package mapped

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/jq"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// Labels are the expressions of the labels by their names, or one expression that gives an
// object.
type Labels struct {
	All    string
	Single map[string]string
}

// UnmarshalYAML takes a text or a mapping.
func (l *Labels) UnmarshalYAML(decode func(any) error) error {
	var written any
	if err := decode(&written); err != nil {
		return err
	}
	switch written := written.(type) {
	case string:
		l.All = written
		return nil
	case map[string]any:
		l.Single = map[string]string{}
		for name, expression := range written {
			text, is := expression.(string)
			if !is {
				return &strictyaml.ValueError{Code: strictyaml.WrongType, Message: "an expression is a text", Hint: "write labels: {branch: .ref}; a fixed text needs quotes twice, as in '\"eu\"'"}
			}
			l.Single[name] = text
		}
		return nil
	}
	return &strictyaml.ValueError{Code: strictyaml.WrongType, Message: "expected expressions by their names, or one that gives an object", Hint: "write labels: {branch: .ref}"}
}

// mapping is the compiled expressions, by the names of their keys.
type mapping struct {
	fields   map[string]*jq.Program
	labels   map[string]*jq.Program
	statuses map[string]sources.Status
	others   sources.Status // of a status that statuses does not have; "": it is refused
	clock    clock
}

// ignore is the word in statuses for a status that reports no change.
const ignore = sources.Status("ignore")

// compile compiles every expression. Its error joins all mistakes, each of which begins with its
// key.
func compile(c Config) (mapping, error) {
	m := mapping{fields: map[string]*jq.Program{}, labels: map[string]*jq.Program{}, statuses: map[string]sources.Status{}}
	var mistakes []error
	add := func(into map[string]*jq.Program, name, key, text string) {
		program, err := jq.Compile(text, "$body")
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w%s", key, err, constantHint(text)))
			return
		}
		into[name] = program
	}
	for name, text := range c.Map.expressions() {
		add(m.fields, name, "map."+name, text)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Map.Labels.Single)) {
		add(m.labels, name, "map.labels."+name, c.Map.Labels.Single[name])
	}
	var err error
	m.clock, err = newClock(c.Times, c.TimeZone)
	mistakes = append(mistakes, err, m.setStatuses(c), c.missing())
	slices.SortFunc(mistakes, func(a, b error) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return m, errors.Join(mistakes...)
}

// expressions are those that are written, by their keys.
func (m Map) expressions() map[string]string {
	all, v := map[string]string{}, reflect.ValueOf(m)
	for field, value := range v.Fields() {
		if text, is := value.Interface().(string); is && text != "" {
			all[field.Tag.Get("yaml")] = text
		}
	}
	if m.Labels.All != "" {
		all["labels"] = m.Labels.All
	}
	return all
}

var bareWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// constantHint says how a fixed text is written, where an expression looks like one.
func constantHint(text string) string {
	if !bareWord.MatchString(text) {
		return ""
	}
	return fmt.Sprintf("; a fixed text needs quotes twice: '\"%s\"', and a field of the body a dot: .%s", text, text)
}

// setStatuses reads the table of statuses.
func (m *mapping) setStatuses(c Config) error {
	if len(c.Statuses) > 0 && c.Map.Status == "" {
		return errors.New("statuses: there is no map.status whose values they could be")
	}
	ours := []sources.Status{sources.Started, sources.Succeeded, sources.Failed, ignore}
	for _, word := range slices.Sorted(maps.Keys(c.Statuses)) {
		status := sources.Status(c.Statuses[word])
		if !slices.Contains(ours, status) {
			return fmt.Errorf("statuses.%s: write started, succeeded, failed or ignore", word)
		}
		if word == "*" {
			m.others = status
			continue
		}
		m.statuses[strings.ToLower(word)] = status
	}
	return nil
}

// missing names what no default can give.
func (c Config) missing() error {
	var all []error
	if c.Map.Service == "" {
		all = append(all, errors.New("map.service is missing: name the field that says what was changed, as in service: .app"))
	}
	if c.Map.At == "" && c.Times != arrival {
		all = append(all, errors.New("map.at is missing: name the field that says when, as in at: .finished; if the tool sends no time, write times: arrival"))
	}
	if c.Map.At != "" && c.Times == arrival {
		all = append(all, errors.New("times: arrival stands for a time that the tool does not send, and map.at names one: take out either"))
	}
	if c.Map.Version == "" && c.Map.Kind == "" && (c.Kind == "" || c.Kind == sources.Deploy) {
		all = append(all, errors.New("map.version is missing: a deploy must name what it deployed, as in version: .sha; for flags and experiments write change_kind: flag"))
	}
	return errors.Join(all...)
}
