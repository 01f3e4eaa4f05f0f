package daemon

import (
	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/notify/alertmanager"
	argocdreport "github.com/pushback/pushback/notify/argocd"
	"github.com/pushback/pushback/notify/cdevents"
	githubreport "github.com/pushback/pushback/notify/github"
	gitlabreport "github.com/pushback/pushback/notify/gitlab"
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

// Adapters is the table of adapters: for each section of pushback.yml, the kinds there
// are. A new adapter is its folder and a line here.
//
// See adr/0002.
func Adapters() Table {
	return Table{
		Metrics: map[string]MetricKind{
			"prometheus": metricStore(prometheus.New),
			"embedded":   metricStore(embedded.New),
			"csv":        metricStore(csv.New),
		},
		Sources: map[string]SourceKind{
			"github":  changeSource(github.New),
			"generic": changeSource(generic.New),
		},
		Hooks: map[string]HookKind{
			"http":         hook(httphook.New),
			"command":      hook(command.New),
			"github":       hook(githubhook.New),
			"argocd":       hook(argocd.New),
			"argorollouts": hook(argorollouts.New),
			"kubernetes":   hook(kubernetes.New),
			"launchdarkly": hook(launchdarkly.New),
			"unleash":      hook(unleash.New),
		},
		Receivers: map[string]SenderKind{
			"pagerduty":    sender(pagerduty.New),
			"alertmanager": sender(alertmanager.New),
			"slack":        sender(slack.New),
			"webhook":      sender(webhook.New),
		},
		Reports: map[string]ReportKind{
			"github":   reporter("github", githubreport.New),
			"gitlab":   reporter("gitlab", gitlabreport.New),
			"argocd":   reporter("argocd", argocdreport.New),
			"cdevents": reporter("", cdevents.New),
		},
		Grafana: annotator(grafana.New),
	}
}
