package migrate

import (
	"fmt"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// canary is what we read of a Flagger Canary, and metricTemplate of what it
// refers to: https://docs.flagger.app/usage/metrics.
type canary struct {
	meta `yaml:",inline"`
	Spec struct {
		TargetRef struct {
			Name string `yaml:"name"`
		} `yaml:"targetRef"`
		Analysis       canaryAnalysis `yaml:"analysis"`
		CanaryAnalysis canaryAnalysis `yaml:"canaryAnalysis"` // its name until v1beta1
	} `yaml:"spec"`
}

type canaryAnalysis struct {
	Interval   string          `yaml:"interval"`
	Threshold  int             `yaml:"threshold"`
	MaxWeight  int             `yaml:"maxWeight"`
	StepWeight int             `yaml:"stepWeight"`
	Iterations int             `yaml:"iterations"`
	Metrics    []flaggerMetric `yaml:"metrics"`
	Webhooks   []any           `yaml:"webhooks"`
	Match      []any           `yaml:"match"`
}

type flaggerMetric struct {
	Name           string   `yaml:"name"`
	Interval       string   `yaml:"interval"`
	Threshold      *float64 `yaml:"threshold"`
	ThresholdRange struct {
		Min *float64 `yaml:"min"`
		Max *float64 `yaml:"max"`
	} `yaml:"thresholdRange"`
	Query       string `yaml:"query"`
	TemplateRef struct {
		Name string `yaml:"name"`
	} `yaml:"templateRef"`
	TemplateVariables map[string]string `yaml:"templateVariables"`
}

type metricTemplate struct {
	meta `yaml:",inline"`
	Spec struct {
		Provider struct {
			Type string `yaml:"type"`
		} `yaml:"provider"`
		Query string `yaml:"query"`
	} `yaml:"spec"`
	used bool
}

func flagger(documents []*yaml.Node) ([]rule, error) {
	var canaries []canary
	templates, order := map[string]*metricTemplate{}, []string(nil)
	for _, n := range documents {
		switch kind := kindOf(n); kind {
		case "Canary":
			var c canary
			if err := n.Decode(&c); err != nil {
				return nil, fmt.Errorf("reading the Canary: %w", err)
			}
			canaries = append(canaries, c)
		case "MetricTemplate":
			t := new(metricTemplate)
			if err := n.Decode(t); err != nil {
				return nil, fmt.Errorf("reading the MetricTemplate: %w", err)
			}
			templates[t.Metadata.Name], order = t, append(order, t.Metadata.Name)
		}
	}
	var all []rule
	for _, c := range canaries {
		all = append(all, c.rule(templates))
	}
	for _, name := range order {
		if t := templates[name]; !t.used {
			t.used = true
			r := rule{name: named(name, "metric"), service: "*", from: "Flagger MetricTemplate " + name}
			r.notes = []string{"the Canary that uses this template says what its limit is"}
			s := signal{name: named(name, "metric")}
			s.templated(t, flaggerWords("", nil), nil)
			r.signals = []signal{s}
			all = append(all, r)
		}
	}
	return all, nil
}

func (c canary) rule(templates map[string]*metricTemplate) rule {
	a := c.Spec.Analysis
	if len(a.Metrics) == 0 {
		a = c.Spec.CanaryAnalysis
	}
	r := rule{name: named(c.Metadata.Name, "canary"), service: c.Spec.TargetRef.Name, from: "Flagger Canary " + c.Metadata.Name}
	if r.service == "" {
		r.service = "*"
	}
	interval := min(duration(a.Interval), 24*time.Hour)
	r.every = interval
	if a.Iterations > 0 && a.Iterations < 100_000 {
		r.bake = time.Duration(a.Iterations) * interval
	} else if a.StepWeight > 0 && a.MaxWeight > 0 && a.MaxWeight <= 1000 {
		r.bake = time.Duration((a.MaxWeight+a.StepWeight-1)/a.StepWeight) * interval
	}
	if a.Threshold > 0 {
		r.notes = append(r.notes, fmt.Sprintf("threshold %d has no equal: a verdict is one over all ticks, and says how sure it is", a.Threshold))
	}
	if a.StepWeight > 0 || a.MaxWeight > 0 {
		r.notes = append(r.notes, "weights are the rollout's: Flagger goes on shifting traffic, Pushback watches what comes of it")
	}
	if len(a.Webhooks) > 0 {
		r.notes = append(r.notes, "webhooks have no equal: gates and load tests stay with Flagger")
	}
	for _, m := range a.Metrics {
		r.signals = append(r.signals, c.signal(m, templates))
	}
	return r
}

func (c canary) signal(m flaggerMetric, templates map[string]*metricTemplate) signal {
	s := signal{name: named(m.Name, "metric")}
	words := flaggerWords(c.Metadata.Namespace, m.TemplateVariables)
	limit := s.threshold(m)
	t, known := templates[m.TemplateRef.Name]
	switch {
	case m.TemplateRef.Name != "" && known:
		t.used = true
		s.templated(t, words, limit)
	case m.TemplateRef.Name != "":
		s.lost = "its MetricTemplate " + m.TemplateRef.Name + " is not in this file: put both into one"
	case m.Query != "":
		s.templated(&metricTemplate{Spec: struct {
			Provider struct {
				Type string `yaml:"type"`
			} `yaml:"provider"`
			Query string `yaml:"query"`
		}{Query: m.Query}}, words, limit)
	default:
		s.builtin(m, limit)
	}
	return s
}

// builtin are the two checks that come with Flagger. Its own are made for each
// mesh; ours reads Istio's names, and the library those of the service.
func (s *signal) builtin(m flaggerMetric, limit *bound) {
	switch m.Name {
	case "request-success-rate":
		s.notes = append(s.notes, "a success rate is judged as the errors that are left; library/http-red reads other names than Istio's")
		s.keys = []key{{"counter", quoted(`istio_requests_total{reporter="destination",$match}`)}, {"bad", quoted(`response_code=~"5.."`)}}
		if limit != nil && limit.value >= 0 && limit.value <= 100 {
			s.keys = append(s.keys, key{"limit", strconv.FormatFloat(100-limit.value, 'f', -1, 64) + "%"})
		}
	case "request-duration":
		s.notes = append(s.notes, "a 99th percentile is judged as the share of requests that are slower")
		s.keys = []key{{"histogram", quoted(`istio_request_duration_milliseconds{reporter="destination",$match}`)}}
		if limit != nil && limit.value >= 1 && limit.value < 1e9 {
			s.keys = append(s.keys, key{"slow", fmt.Sprintf("%dms", int64(limit.value))}, key{"limit", "1%"})
		}
	default:
		s.lost = "it has neither a query nor a template"
	}
}

func (s *signal) templated(t *metricTemplate, words map[string]string, limit *bound) {
	if kind := t.Spec.Provider.Type; kind != "" && kind != "prometheus" {
		s.lost = "its provider is " + kind + ", and rules ask stores that speak PromQL"
	}
	query, unknown := filled(t.Spec.Query, braces, words)
	s.keys = measured(query, limit)
	if len(unknown) > 0 && s.lost == "" {
		s.lost = unresolved(unknown)
	}
}

// threshold is the one side that is bounded; of two, the upper.
func (s *signal) threshold(m flaggerMetric) *bound {
	low, high := m.ThresholdRange.Min, m.ThresholdRange.Max
	if low == nil && high == nil {
		high = m.Threshold
		if m.Name == "request-success-rate" {
			low, high = high, nil
		}
	}
	switch {
	case low != nil && high != nil:
		s.notes = append(s.notes, fmt.Sprintf("a limit has one side: the lower one, %g, has no equal beside the upper", *low))
		return &bound{value: *high}
	case high != nil:
		return &bound{value: *high}
	case low != nil:
		return &bound{value: *low, lower: true}
	}
	return nil
}

// flaggerWords are what its templates know.
func flaggerWords(namespace string, variables map[string]string) map[string]string {
	known := map[string]string{"target": "$service", "service": "$service", "name": "$service", "ingress": "$service", "interval": "$__rate_interval"}
	if namespace != "" {
		known["namespace"] = namespace
	}
	for name, value := range variables {
		known["variables."+name] = value
	}
	return known
}
