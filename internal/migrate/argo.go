package migrate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// analysisTemplate is the part of an AnalysisTemplate or ClusterAnalysisTemplate that
// is read: https://argo-rollouts.readthedocs.io/en/stable/features/analysis/.
type analysisTemplate struct {
	meta `yaml:",inline"`
	Spec struct {
		Args []struct {
			Name  string `yaml:"name"`
			Value string `yaml:"value"`
		} `yaml:"args"`
		Metrics []argoMetric `yaml:"metrics"`
		DryRun  []struct {
			MetricName string `yaml:"metricName"`
		} `yaml:"dryRun"`
	} `yaml:"spec"`
}

type argoMetric struct {
	Name             string               `yaml:"name"`
	Interval         string               `yaml:"interval"`
	InitialDelay     string               `yaml:"initialDelay"`
	Count            yaml.Node            `yaml:"count"`
	SuccessCondition string               `yaml:"successCondition"`
	FailureCondition string               `yaml:"failureCondition"`
	FailureLimit     yaml.Node            `yaml:"failureLimit"`
	Provider         map[string]yaml.Node `yaml:"provider"`
}

func argo(documents []*yaml.Node) ([]rule, error) {
	var all []rule
	for _, n := range documents {
		kind := kindOf(n)
		if kind != "AnalysisTemplate" && kind != "ClusterAnalysisTemplate" {
			continue
		}
		var t analysisTemplate
		if err := n.Decode(&t); err != nil {
			return nil, fmt.Errorf("read the %s: %w", kind, err)
		}
		all = append(all, t.rule())
	}
	return all, nil
}

func (t analysisTemplate) rule() rule {
	r := rule{name: nameFrom(t.Metadata.Name, "analysis"), service: "*", from: "Argo " + t.Kind + " " + t.Metadata.Name}
	for _, m := range t.Spec.Metrics {
		r.signals = append(r.signals, t.signal(m))
		interval := duration(m.Interval)
		var count int
		if m.Count.Decode(&count) == nil && count > 0 && count < 1_000_000 {
			r.bake = max(r.bake, time.Duration(count)*min(interval, 24*time.Hour))
		}
		r.settle = max(r.settle, duration(m.InitialDelay))
		if interval > 0 && (r.every == 0 || interval < r.every) {
			r.every = interval
		}
	}
	if len(t.Spec.DryRun) > 0 {
		r.notes = append(r.notes, "dryRun has no equivalent for one signal: a rule of mode observe reports what it would have done")
	}
	return r
}

func (t analysisTemplate) signal(m argoMetric) signal {
	s := signal{name: nameFrom(m.Name, "metric")}
	source, ok := m.Provider["prometheus"]
	if !ok {
		var others []string
		for name := range m.Provider {
			others = append(others, name)
		}
		slices.Sort(others)
		s.unsupported = "its provider is " + strings.Join(append(others, "none")[:max(1, len(others))], ", ") + ", and rules query stores that speak PromQL"
		return s
	}
	var prometheus struct {
		Query string `yaml:"query"`
	}
	if err := source.Decode(&prometheus); err != nil {
		s.unsupported = "its query cannot be read"
		return s
	}
	query, unknown := substitute(prometheus.Query, braces, t.variables())
	limit := s.limit(m)
	if s.keys = queryKeys(query, limit); len(unknown) > 0 {
		s.unsupported = unknownVariables(unknown)
	}
	var failures yaml.Node
	if m.FailureLimit.Decode(&failures) == nil && m.FailureLimit.Value != "" {
		s.notes = append(s.notes, fmt.Sprintf("failureLimit %s has no equivalent: a verdict is about all ticks together, and has a grade", m.FailureLimit.Value))
	}
	return s
}

// limit returns the threshold of the conditions, nil if they have none that can be
// read.
func (s *signal) limit(m argoMetric) *threshold {
	for _, c := range []struct {
		text string
		read func(string) (threshold, bool)
	}{{m.SuccessCondition, parseSuccess}, {m.FailureCondition, parseFailure}} {
		if c.text == "" {
			continue
		}
		if b, ok := c.read(c.text); ok {
			return &b
		}
		s.notes = append(s.notes, "this condition has no equivalent: "+c.text)
	}
	return nil
}

// variables returns the arguments that have a value, and those whose names can only
// mean the service, the environment or the version.
func (t analysisTemplate) variables() map[string]string {
	known := map[string]string{}
	for _, a := range t.Spec.Args {
		switch name := strings.ToLower(a.Name); {
		case a.Value != "":
			known["args."+a.Name] = a.Value
		case strings.Contains(name, "service") || strings.Contains(name, "app") || name == "name" || name == "job":
			known["args."+a.Name] = "$service"
		case strings.Contains(name, "environment") || name == "env":
			known["args."+a.Name] = "$environment"
		case strings.Contains(name, "version") || strings.Contains(name, "hash"):
			known["args."+a.Name] = "$version"
		}
	}
	return known
}
