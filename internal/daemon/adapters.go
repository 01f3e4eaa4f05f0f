package daemon

import (
	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/notify/alertmanager"
	argocdreport "github.com/pushback/pushback/notify/argocd"
	cdeventsreport "github.com/pushback/pushback/notify/cdevents"
	"github.com/pushback/pushback/notify/email"
	githubreport "github.com/pushback/pushback/notify/github"
	gitlabreport "github.com/pushback/pushback/notify/gitlab"
	"github.com/pushback/pushback/notify/incidentio"
	"github.com/pushback/pushback/notify/irc"
	"github.com/pushback/pushback/notify/opsgenie"
	"github.com/pushback/pushback/notify/pagerduty"
	"github.com/pushback/pushback/notify/route"
	"github.com/pushback/pushback/notify/shoutrrr"
	"github.com/pushback/pushback/notify/slack"
	"github.com/pushback/pushback/notify/slackbot"
	"github.com/pushback/pushback/notify/teams"
	"github.com/pushback/pushback/notify/webhook"
	"github.com/pushback/pushback/rollback/argocd"
	"github.com/pushback/pushback/rollback/argorollouts"
	"github.com/pushback/pushback/rollback/command"
	githubhook "github.com/pushback/pushback/rollback/github"
	httphook "github.com/pushback/pushback/rollback/http"
	"github.com/pushback/pushback/rollback/kubernetes"
	"github.com/pushback/pushback/rollback/launchdarkly"
	"github.com/pushback/pushback/rollback/unleash"
	argocdsource "github.com/pushback/pushback/sources/changes/argocd"
	argorolloutssource "github.com/pushback/pushback/sources/changes/argorollouts"
	"github.com/pushback/pushback/sources/changes/cdevents"
	"github.com/pushback/pushback/sources/changes/circleci"
	"github.com/pushback/pushback/sources/changes/cloudevents"
	"github.com/pushback/pushback/sources/changes/configcat"
	"github.com/pushback/pushback/sources/changes/flagger"
	"github.com/pushback/pushback/sources/changes/flagsmith"
	"github.com/pushback/pushback/sources/changes/flipt"
	"github.com/pushback/pushback/sources/changes/flux"
	"github.com/pushback/pushback/sources/changes/generic"
	"github.com/pushback/pushback/sources/changes/github"
	"github.com/pushback/pushback/sources/changes/gitlab"
	"github.com/pushback/pushback/sources/changes/growthbook"
	"github.com/pushback/pushback/sources/changes/harness"
	"github.com/pushback/pushback/sources/changes/heroku"
	"github.com/pushback/pushback/sources/changes/jenkins"
	"github.com/pushback/pushback/sources/changes/kafka"
	kubernetesfeed "github.com/pushback/pushback/sources/changes/kubernetes"
	ldsource "github.com/pushback/pushback/sources/changes/launchdarkly"
	"github.com/pushback/pushback/sources/changes/mapped"
	"github.com/pushback/pushback/sources/changes/nats"
	"github.com/pushback/pushback/sources/changes/octopus"
	"github.com/pushback/pushback/sources/changes/spinnaker"
	"github.com/pushback/pushback/sources/changes/split"
	"github.com/pushback/pushback/sources/changes/standardwebhooks"
	unleashsource "github.com/pushback/pushback/sources/changes/unleash"
	"github.com/pushback/pushback/sources/changes/vercel"
	"github.com/pushback/pushback/sources/changes/versions"
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
		Sources: changeSources(),
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
			"email":        sender(email.New),
			"pagerduty":    sender(pagerduty.New),
			"alertmanager": sender(alertmanager.New),
			"incidentio":   sender(incidentio.New),
			"irc":          sender(irc.New),
			"opsgenie":     sender(opsgenie.New),
			"route":        sender(route.New),
			"shoutrrr":     sender(shoutrrr.New),
			"slack":        sender(slack.New),
			"slack_bot":    sender(slackbot.New),
			"teams":        sender(teams.New),
			"webhook":      sender(webhook.New),
		},
		Reports: map[string]ReportKind{
			"github":    reporter("github", githubreport.New),
			"gitlab":    reporter("gitlab", gitlabreport.New),
			"argocd":    reporter("argocd", argocdreport.New),
			"cdevents":  reporter("", cdeventsreport.New),
			"pagerduty": reporter("", pagerduty.NewDeploys),
		},
		Grafana: annotator(grafana.New),
	}
}

// changeSources are the kinds of the section sources.
func changeSources() map[string]SourceKind {
	return map[string]SourceKind{
		"argocd":           changeSource(argocdsource.New),
		"argorollouts":     changeSource(argorolloutssource.New),
		"cdevents":         changeSource(cdevents.New),
		"circleci":         changeSource(circleci.New),
		"cloudevents":      changeSource(cloudevents.New),
		"configcat":        changeSource(configcat.New),
		"flagger":          changeSource(flagger.New),
		"flagsmith":        changeSource(flagsmith.New),
		"flipt":            changeSource(flipt.New),
		"flux":             changeSource(flux.New),
		"generic":          changeSource(generic.New),
		"github":           changeSource(github.New),
		"gitlab":           changeSource(gitlab.New),
		"growthbook":       changeSource(growthbook.New),
		"harness":          changeSource(harness.New),
		"heroku":           changeSource(heroku.New),
		"jenkins":          changeSource(jenkins.New),
		"kafka":            changeFeed(kafka.New),
		"kubernetes":       changeFeed(kubernetesfeed.New),
		"launchdarkly":     changeSource(ldsource.New),
		"mapped":           changeSource(mapped.New),
		"nats":             changeFeed(nats.New),
		"octopus":          changeSource(octopus.New),
		"spinnaker":        changeSource(spinnaker.New),
		"split":            changeSource(split.New),
		"standardwebhooks": changeSource(standardwebhooks.New),
		"unleash":          changeSource(unleashsource.New),
		"vercel":           changeSource(vercel.New),
		"versions":         changeFeed(versions.New),
	}
}
