package migrate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// analysisTemplate is what we read of an AnalysisTemplate or
// ClusterAnalysisTemplate: https://argo-rollouts.readthedocs.io/en/stable/features/analysis/.
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
			return nil, fmt.Errorf("reading the %s: %w", kind, err)
		}
		all = append(all, t.rule())
	}
	return all, nil
}

func (t analysisTemplate) rule() rule {
	r := rule{name: named(t.Metadata.Name, "analysis"), service: "*", from: "Argo " + t.Kind + " " + t.Metadata.Name}
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
		r.notes = append(r.notes, "dryRun has no equal for one signal: a rule of mode observe only says what it would have done")
	}
	return r
}

func (t analysisTemplate) signal(m argoMetric) signal {
	s := signal{name: named(m.Name, "metric")}
	source, ok := m.Provider["prometheus"]
	if !ok {
		var others []string
		for name := range m.Provider {
			others = append(others, name)
		}
		slices.Sort(others)
		s.lost = "its provider is " + strings.Join(append(others, "none")[:max(1, len(others))], ", ") + ", and rules ask stores that speak PromQL"
		return s
	}
	var prometheus struct {
		Query string `yaml:"query"`
	}
	if err := source.Decode(&prometheus); err != nil {
		s.lost = "its query cannot be read"
		return s
	}
	query, unknown := filled(prometheus.Query, braces, t.known())
	limit := s.limit(m)
	if s.keys = measured(query, limit); len(unknown) > 0 {
		s.lost = unresolved(unknown)
	}
	var failures yaml.Node
	if m.FailureLimit.Decode(&failures) == nil && m.FailureLimit.Value != "" {
		s.notes = append(s.notes, fmt.Sprintf("failureLimit %s has no equal: a verdict is one over all ticks, and says how sure it is", m.FailureLimit.Value))
	}
	return s
}

// limit is what the conditions bound.
func (s *signal) limit(m argoMetric) *bound {
	for _, c := range []struct {
		text string
		read func(string) (bound, bool)
	}{{m.SuccessCondition, succeeds}, {m.FailureCondition, fails}} {
		if c.text == "" {
			continue
		}
		if b, ok := c.read(c.text); ok {
			return &b
		}
		s.notes = append(s.notes, "this condition has no equal: "+c.text)
	}
	return nil
}

// known are the arguments: those with a value, and those that by their name
// can only mean the service.
func (t analysisTemplate) known() map[string]string {
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
