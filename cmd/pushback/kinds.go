package main

import (
	httpconfig "github.com/prometheus/common/config"

	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/notify/alertmanager"
	"github.com/pushback/pushback/notify/pagerduty"
	"github.com/pushback/pushback/notify/slack"
	"github.com/pushback/pushback/notify/webhook"
	"github.com/pushback/pushback/rollback/argocd"
	"github.com/pushback/pushback/rollback/argorollouts"
	"github.com/pushback/pushback/rollback/command"
	githubhook "github.com/pushback/pushback/rollback/github"
	httphook "github.com/pushback/pushback/rollback/http"
	"github.com/pushback/pushback/rollback/kubernetes"
	"github.com/pushback/pushback/rollback/launchdarkly"
	"github.com/pushback/pushback/rollback/unleash"
	"github.com/pushback/pushback/sources/changes/generic"
	"github.com/pushback/pushback/sources/changes/github"
	"github.com/pushback/pushback/sources/metrics/csv"
	"github.com/pushback/pushback/sources/metrics/embedded"
	"github.com/pushback/pushback/sources/metrics/prometheus"
)

// kinds is the one table of adapters: what may stand behind `kind:` in each
// section of pushback.yml. Nothing registers itself; what is not in this file
// cannot be configured.
func kinds() config.Kinds {
	return config.Kinds{
		Metrics: map[string]func() any{
			"prometheus": func() any { return &prometheus.Config{HTTP: httpconfig.DefaultHTTPClientConfig} },
			"embedded":   func() any { return new(embedded.Config) },
			"csv":        func() any { return new(csv.Config) },
		},
		Sources: map[string]func() any{
			"github":  func() any { return new(github.Config) },
			"generic": func() any { return new(generic.Config) },
		},
		Hooks: map[string]func() any{
			"http":         func() any { return new(httphook.Config) },
			"command":      func() any { return new(command.Config) },
			"github":       func() any { return new(githubhook.Config) },
			"argocd":       func() any { return new(argocd.Config) },
			"argorollouts": func() any { return new(argorollouts.Config) },
			"kubernetes":   func() any { return new(kubernetes.Config) },
			"launchdarkly": func() any { return new(launchdarkly.Config) },
			"unleash":      func() any { return new(unleash.Config) },
		},
		Receivers: map[string]func() any{
			"pagerduty":    func() any { return new(pagerduty.Config) },
			"alertmanager": func() any { return new(alertmanager.Config) },
			"slack":        func() any { return new(slack.Config) },
			"webhook":      func() any { return new(webhook.Config) },
		},
		Grafana: func() any { return new(grafana.Config) },
	}
}
