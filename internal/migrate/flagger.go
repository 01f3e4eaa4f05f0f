package migrate

import (
	"fmt"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// canary is the part of a Flagger Canary that is read, and metricTemplate that of a
// MetricTemplate: https://docs.flagger.app/usage/metrics.
type canary struct {
	meta `yaml:",inline"`
	Spec struct {
		TargetRef struct {
			Name string `yaml:"name"`
		} `yaml:"targetRef"`
		Analysis       canaryAnalysis `yaml:"analysis"`
		CanaryAnalysis canaryAnalysis `yaml:"canaryAnalysis"` // the name before v1beta1
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
				return nil, fmt.Errorf("read the Canary: %w", err)
			}
			canaries = append(canaries, c)
		case "MetricTemplate":
			t := new(metricTemplate)
			if err := n.Decode(t); err != nil {
				return nil, fmt.Errorf("read the MetricTemplate: %w", err)
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
			r := rule{name: nameFrom(name, "metric"), service: "*", from: "Flagger MetricTemplate " + name}
			r.notes = []string{"the limit is in the Canary that uses this template"}
			s := signal{name: nameFrom(name, "metric")}
			s.fromTemplate(t, flaggerVariables("", nil), nil)
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
	r := rule{name: nameFrom(c.Metadata.Name, "canary"), service: c.Spec.TargetRef.Name, from: "Flagger Canary " + c.Metadata.Name}
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
		r.notes = append(r.notes, fmt.Sprintf("threshold %d has no equivalent: a verdict is about all ticks together, and has a grade", a.Threshold))
	}
	if a.StepWeight > 0 || a.MaxWeight > 0 {
		r.notes = append(r.notes, "weights stay with Flagger, which shifts the traffic; Pushback watches the signals")
	}
	if len(a.Webhooks) > 0 {
		r.notes = append(r.notes, "webhooks have no equivalent: gates and load tests stay with Flagger")
	}
	for _, m := range a.Metrics {
		r.signals = append(r.signals, c.signal(m, templates))
	}
	return r
}

func (c canary) signal(m flaggerMetric, templates map[string]*metricTemplate) signal {
	s := signal{name: nameFrom(m.Name, "metric")}
	variables := flaggerVariables(c.Metadata.Namespace, m.TemplateVariables)
	limit := s.thresholdOf(m)
	t, known := templates[m.TemplateRef.Name]
	switch {
	case m.TemplateRef.Name != "" && known:
		t.used = true
		s.fromTemplate(t, variables, limit)
	case m.TemplateRef.Name != "":
		s.unsupported = "its MetricTemplate " + m.TemplateRef.Name + " is not in this file: put both into one"
	case m.Query != "":
		s.fromTemplate(&metricTemplate{Spec: struct {
			Provider struct {
				Type string `yaml:"type"`
			} `yaml:"provider"`
			Query string `yaml:"query"`
		}{Query: m.Query}}, variables, limit)
	default:
		s.builtin(m, limit)
	}
	return s
}

// builtin converts the two checks that come with Flagger. Flagger has them for each
// mesh; the signals here read Istio's metrics.
func (s *signal) builtin(m flaggerMetric, limit *threshold) {
	switch m.Name {
	case "request-success-rate":
		s.notes = append(s.notes, "a success rate is judged as its error rate; library/http-red also reads other metrics than Istio's")
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
		s.unsupported = "it has neither a query nor a template"
	}
}

func (s *signal) fromTemplate(t *metricTemplate, variables map[string]string, limit *threshold) {
	if kind := t.Spec.Provider.Type; kind != "" && kind != "prometheus" {
		s.unsupported = "its provider is " + kind + ", and rules query stores that speak PromQL"
	}
	query, unknown := substitute(t.Spec.Query, braces, variables)
	s.keys = queryKeys(query, limit)
	if len(unknown) > 0 && s.unsupported == "" {
		s.unsupported = unknownVariables(unknown)
	}
}

// thresholdOf returns the metric's threshold: the upper one if it has two.
func (s *signal) thresholdOf(m flaggerMetric) *threshold {
	low, high := m.ThresholdRange.Min, m.ThresholdRange.Max
	if low == nil && high == nil {
		high = m.Threshold
		if m.Name == "request-success-rate" {
			low, high = high, nil
		}
	}
	switch {
	case low != nil && high != nil:
		s.notes = append(s.notes, fmt.Sprintf("a limit has one side: the lower threshold, %g, has no equivalent beside the upper one", *low))
		return &threshold{value: *high}
	case high != nil:
		return &threshold{value: *high}
	case low != nil:
		return &threshold{value: *low, lower: true}
	}
	return nil
}

// flaggerVariables returns the variables of Flagger's templates.
func flaggerVariables(namespace string, variables map[string]string) map[string]string {
	known := map[string]string{"target": "$service", "service": "$service", "name": "$service", "ingress": "$service", "interval": "$__rate_interval"}
	if namespace != "" {
		known["namespace"] = namespace
	}
	for name, value := range variables {
		known["variables."+name] = value
	}
	return known
}
