package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/pushback/pushback/sources/metrics"

	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/engine"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/alertmanager"
	"github.com/pushback/pushback/notify/pagerduty"
	"github.com/pushback/pushback/notify/slack"
	"github.com/pushback/pushback/notify/webhook"
	"github.com/pushback/pushback/rollback"
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

// The functions below turn a setting into its adapter. They are the other
// half of kinds: a kind that stands there and not here does not compile into
// anything, and says so at start.

// closableStore is a metric store that can be closed.
type closableStore interface {
	engine.MetricStore
	io.Closer
}

func metricStore(a config.Adapter, log *slog.Logger) (closableStore, error) {
	switch c := a.Settings.(type) {
	case *prometheus.Config:
		return prometheus.New(metrics.Options{Name: a.Name}, *c)
	case *embedded.Config:
		return embedded.New(metrics.Options{Name: a.Name, Log: log.With("component", "metrics/"+a.Name)}, *c)
	case *csv.Config:
		return csv.New(metrics.Options{Name: a.Name}, *c)
	}
	return nil, fmt.Errorf("kind %q cannot be built", a.Kind)
}

func hooks(c config.Config) (map[string]engine.Hook, error) {
	all := map[string]engine.Hook{}
	for name, h := range c.Hooks {
		do, timeout, err := hook(h.Adapter)
		if err != nil {
			return nil, fmt.Errorf("%s: hooks.%s: %w", c.File, name, err)
		}
		all[name] = engine.Hook{Hook: do, Idempotent: h.Idempotent, LastGood: h.Target == config.LastGood, Aborts: h.Abort, Timeout: timeout}
	}
	return all, nil
}

func hook(a config.Adapter) (rollback.Hook, time.Duration, error) {
	switch c := a.Settings.(type) {
	case *httphook.Config:
		h, err := httphook.New(*c)
		return h, cmp.Or(c.Timeout, httphook.DefaultTimeout), err
	case *command.Config:
		h, err := command.New(*c)
		return h, cmp.Or(c.Timeout, command.DefaultTimeout), err
	case *githubhook.Config:
		h, err := githubhook.New(*c)
		return h, cmp.Or(c.Timeout, githubhook.DefaultTimeout), err
	case *argocd.Config:
		h, err := argocd.New(*c)
		return h, cmp.Or(c.Timeout, argocd.DefaultTimeout), err
	case *argorollouts.Config:
		h, err := argorollouts.New(*c)
		return h, cmp.Or(c.Timeout, argorollouts.DefaultTimeout), err
	case *kubernetes.Config:
		h, err := kubernetes.New(*c)
		return h, cmp.Or(c.Timeout, kubernetes.DefaultTimeout), err
	case *launchdarkly.Config:
		h, err := launchdarkly.New(*c)
		return h, cmp.Or(c.Timeout, launchdarkly.DefaultTimeout), err
	case *unleash.Config:
		h, err := unleash.New(*c)
		return h, cmp.Or(c.Timeout, unleash.DefaultTimeout), err
	}
	return nil, 0, fmt.Errorf("kind %q cannot be built", a.Kind)
}

func senders(c config.Config) (map[string]notify.Sender, error) {
	all := map[string]notify.Sender{}
	for name, a := range c.Receivers {
		s, err := sender(a)
		if err != nil {
			return nil, fmt.Errorf("%s: receivers.%s: %w", c.File, name, err)
		}
		all[name] = s
	}
	return all, nil
}

func sender(a config.Adapter) (notify.Sender, error) {
	switch c := a.Settings.(type) {
	case *pagerduty.Config:
		return pagerduty.New(*c)
	case *alertmanager.Config:
		return alertmanager.New(*c)
	case *slack.Config:
		return slack.New(*c)
	case *webhook.Config:
		return webhook.New(*c)
	}
	return nil, fmt.Errorf("kind %q cannot be built", a.Kind)
}

// annotator is nil, the interface and not a pointer in it, without Grafana.
func annotator(c config.Config) (engine.Annotator, error) {
	if c.Grafana == nil {
		return nil, nil
	}
	g, err := grafana.New(*c.Grafana.Settings.(*grafana.Config))
	if err != nil {
		return nil, fmt.Errorf("%s: grafana: %w", c.File, err)
	}
	return g, nil
}

func endpoints(c config.Config, e *engine.Engine) (map[string]server.Endpoint, error) {
	all := map[string]server.Endpoint{}
	for name, s := range c.Sources {
		source, err := changeSource(s.Adapter, e)
		if err != nil {
			return nil, fmt.Errorf("%s: sources.%s: %w", c.File, name, err)
		}
		all[name] = server.Endpoint{Source: source, Services: s.Services, Insecure: s.Insecure}
	}
	return all, nil
}

func changeSource(a config.Adapter, e *engine.Engine) (server.Source, error) {
	switch c := a.Settings.(type) {
	case *github.Config:
		return github.New(a.Name, *c, e.Canonical)
	case *generic.Config:
		return generic.New(a.Name, *c)
	}
	return nil, fmt.Errorf("kind %q cannot be built", a.Kind)
}
