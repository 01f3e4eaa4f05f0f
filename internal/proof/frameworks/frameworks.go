// Package frameworks has, for many frameworks, proxies and exporters, what their metrics look
// like: tests show with it that the conventions of the library recognise them and judge them
// rightly.
//
//	All   every framework, with the series of a request that succeeds and of one that fails
package frameworks

import (
	"cmp"
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

//go:embed frameworks.yml
var file []byte

// Framework is one kind of software.
type Framework struct {
	Name   string
	Rule   string // of the library: http-red; Guess: none
	Finds  string // the grade of one failure in twenty requests
	OK     []Series
	Failed []Series
}

// Guess stands for the rule where the names begin with the application's own.
const Guess = "guess"

// Series is one series, and by how much a request makes it grow.
type Series struct {
	Metric string
	Labels string // {code="200"}, or empty
	Grows  float64
	Gauge  bool // Grows is its value
}

// With is the series with the labels of a target before its own.
func (s Series) With(labels string) string {
	if s.Labels == "" {
		return s.Metric + "{" + labels + "}"
	}
	return s.Metric + "{" + labels + "," + s.Labels[1:]
}

// All are all frameworks, in the order of the file.
func All() ([]Framework, error) {
	var written []struct {
		Name   string `yaml:"name"`
		Rule   string `yaml:"rule"`
		Finds  string `yaml:"finds"`
		OK     string `yaml:"ok"`
		Failed string `yaml:"failed"`
	}
	if err := yaml.Unmarshal(file, &written); err != nil {
		return nil, err
	}
	all := make([]Framework, len(written))
	for i, w := range written {
		ok, err := parse(w.OK)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.Name, err)
		}
		failed, err := parse(w.Failed)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.Name, err)
		}
		all[i] = Framework{w.Name, w.Rule, cmp.Or(w.Finds, "certain"), ok, failed}
	}
	return all, nil
}

func parse(text string) ([]Series, error) {
	var all []Series
	for line := range strings.Lines(text) {
		series, gauge := strings.CutPrefix(strings.TrimSpace(line), "gauge ")
		at := strings.LastIndex(series, " ")
		if at < 0 {
			return nil, fmt.Errorf("no value in %q", line)
		}
		grows, err := strconv.ParseFloat(series[at+1:], 64)
		if err != nil {
			return nil, err
		}
		metric, labels, found := strings.Cut(series[:at], "{")
		if found {
			labels = "{" + labels
		}
		all = append(all, Series{metric, labels, grows, gauge})
	}
	return all, nil
}
