package migrate

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// canaryConfig is the part of a Kayenta canary config that is read:
// https://github.com/spinnaker/kayenta/blob/master/docs/canary-config.md.
type canaryConfig struct {
	Name       string            `yaml:"name"`
	Metrics    []kayentaMetric   `yaml:"metrics"`
	Templates  map[string]string `yaml:"templates"`
	Classifier struct {
		GroupWeights map[string]float64 `yaml:"groupWeights"`
	} `yaml:"classifier"`
	Judge struct {
		Name string `yaml:"name"`
	} `yaml:"judge"`
}

type kayentaMetric struct {
	Name  string `yaml:"name"`
	Query struct {
		Type                 string   `yaml:"type"`
		ServiceType          string   `yaml:"serviceType"`
		MetricName           string   `yaml:"metricName"`
		LabelBindings        []string `yaml:"labelBindings"`
		CustomInlineTemplate string   `yaml:"customInlineTemplate"`
		CustomFilterTemplate string   `yaml:"customFilterTemplate"`
	} `yaml:"query"`
	AnalysisConfigurations struct {
		Canary struct {
			Direction  string `yaml:"direction"`
			Critical   bool   `yaml:"critical"`
			EffectSize struct {
				AllowedIncrease float64 `yaml:"allowedIncrease"`
				AllowedDecrease float64 `yaml:"allowedDecrease"`
			} `yaml:"effectSize"`
		} `yaml:"canary"`
	} `yaml:"analysisConfigurations"`
}

func kayenta(documents []*yaml.Node) ([]rule, error) {
	var all []rule
	for _, n := range documents {
		var c canaryConfig
		if kindOf(n) != "" || n.Decode(&c) != nil || len(c.Metrics) == 0 {
			continue
		}
		all = append(all, c.rule())
	}
	return all, nil
}

func (c canaryConfig) rule() rule {
	r := rule{name: nameFrom(c.Name, "canary"), service: "*", from: "Kayenta canary config " + c.Name}
	if len(c.Classifier.GroupWeights) > 0 {
		r.notes = append(r.notes, "group weights have no equivalent: there is no score; each signal is judged, and the thresholds are corrected for the number of signals")
	}
	r.notes = append(r.notes, "Kayenta compares canary and baseline at the same time: `control` selects what does not get the change, see docs/rules.md")
	for _, m := range c.Metrics {
		r.signals = append(r.signals, c.signal(m))
	}
	return r
}

func (c canaryConfig) signal(m kayentaMetric) signal {
	s := signal{name: nameFrom(m.Name, "metric")}
	if kind := m.Query.Type; kind != "" && kind != "prometheus" {
		s.unsupported = "its metrics come from " + kind + ", and rules query stores that speak PromQL"
	}
	query, unknown := substitute(c.query(m), dollars, map[string]string{"scope": "$service", "interval": "$__rate_interval"})
	if len(unknown) > 0 && s.unsupported == "" {
		s.unsupported = unknownVariables(unknown)
	}
	s.keys = queryKeys(query, nil)
	s.readAnalysis(m)
	return s
}

// readAnalysis sets the worse direction, and how far the metric may move.
func (s *signal) readAnalysis(m kayentaMetric) {
	a := m.AnalysisConfigurations.Canary
	effect := a.EffectSize.AllowedIncrease
	switch a.Direction {
	case "decrease":
		s.keys = append(s.keys, key{"worse", "lower"})
		if effect = 0; a.EffectSize.AllowedDecrease > 0 && a.EffectSize.AllowedDecrease < 1 {
			effect = 2 - a.EffectSize.AllowedDecrease
		}
	case "either":
		s.keys = append(s.keys, key{"worse", "either"})
	}
	if effect > 1 && effect < 1e6 {
		s.keys = append(s.keys, key{"min_effect", strconv.FormatFloat(math.Round(1e4*(effect-1))/100, 'f', -1, 64) + "%"})
	}
	if a.Critical {
		s.notes = append(s.notes, "critical: in a rule every signal is; respond says which grade leads to a rollback")
	}
}

// query returns the metric's own template, or the mean of the metric it names.
func (c canaryConfig) query(m kayentaMetric) string {
	if text, ok := strings.CutPrefix(m.Query.CustomInlineTemplate, "PromQL:"); ok {
		return text
	}
	if m.Query.CustomInlineTemplate != "" {
		return m.Query.CustomInlineTemplate
	}
	if text, ok := c.Templates[m.Query.CustomFilterTemplate]; ok && m.Query.CustomFilterTemplate != "" {
		return fmt.Sprintf("avg(%s{%s})", m.Query.MetricName, text)
	}
	labels := append([]string{"$match"}, m.Query.LabelBindings...)
	return fmt.Sprintf("avg(%s{%s})", m.Query.MetricName, strings.Join(labels, ","))
}
