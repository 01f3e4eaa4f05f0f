package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/trust"

	"github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/engine"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources/metrics/embedded"
)

// daemon is everything serve runs, wired but not started.
type daemon struct {
	log      *slog.Logger
	engine   *engine.Engine
	server   *server.Server
	rules    rulesFolder
	scrapers []*embedded.Store
	closers  []io.Closer // closed last to first
}

// newDaemon wires a configuration. Whatever was opened is closed again where
// something later fails.
func newDaemon(ctx context.Context, c config.Config, log *slog.Logger) (d *daemon, err error) {
	d = &daemon{log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	st, err := openStore(ctx, c)
	if err != nil {
		return d, err
	}
	d.closers = append(d.closers, st)
	set := metrics.NewSet()
	o := engine.Options{
		Store: st, Catalogue: catalogueConfig(c.Services), Freezes: c.Freezes, Business: c.Business, FreezeFile: c.Guards.FreezeFile,
		Limits: c.Guards.Limits, Windows: c.Guards.Freezes, Profiles: c.Profiles, Retention: c.Retention, Trust: trustPolicy(c.Trust),
		ExternalURL: cmp.Or(c.ExternalURL, "http://"+c.Listen), Telemetry: engine.NewTelemetry(set), Log: log,
	}
	if err := d.adapters(c, &o); err != nil {
		return d, err
	}
	o.World = worldOf(c)
	d.rules = rulesFolder{path: c.Rules}
	o.Rules = func() (*rules.Set, []rules.Diagnostic) { return d.rules.load(o.World) }
	if d.engine, err = engine.New(o); err != nil {
		return d, err
	}
	d.server, err = newServer(c, d.engine, st, set, log)
	return d, err
}

func (d *daemon) close() error {
	var errs []error
	for _, c := range slices.Backward(d.closers) {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// adapters builds what pushback.yml names.
func (d *daemon) adapters(c config.Config, o *engine.Options) (err error) {
	if err := d.metricStores(c, o); err != nil {
		return err
	}
	if o.Hooks, err = hooks(c); err != nil {
		return err
	}
	if o.Senders, err = senders(c); err != nil {
		return err
	}
	o.Grafana, err = annotator(c)
	return err
}

// metricStores opens every store; "" is the default one.
func (d *daemon) metricStores(c config.Config, o *engine.Options) error {
	o.Metrics = map[string]engine.MetricStore{}
	for name, a := range c.Metrics {
		s, err := metricStore(a, d.log)
		if err != nil {
			return fmt.Errorf("%s: metrics.%s: %w", c.File, name, err)
		}
		d.closers = append(d.closers, s)
		if scraper, ok := s.(*embedded.Store); ok {
			d.scrapers = append(d.scrapers, scraper)
		}
		o.Metrics[name] = s
	}
	o.Metrics[""] = o.Metrics[c.DefaultMetrics]
	return nil
}

func openStore(ctx context.Context, c config.Config) (*store.Store, error) {
	url, err := storeURL(c)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("opening the state: %w", err)
	}
	return st, nil
}

// storeURL is where the state is kept.
func storeURL(c config.Config) (string, error) {
	if c.Store.URLFile == "" {
		return c.Store.URL, nil
	}
	line, err := os.ReadFile(c.Store.URLFile)
	if err != nil {
		return "", fmt.Errorf("%s: store.url_file: %w", c.File, err)
	}
	return strings.TrimSpace(string(line)), nil
}

func trustPolicy(t config.Trust) trust.Policy {
	if t.AsWritten {
		return trust.Policy{New: rules.Act, Cap: t.Cap, Clean: t.Clean}
	}
	return trust.Policy{New: rules.Observe, Cap: t.Cap, Clean: t.Clean}
}

// catalogue is the engine's view of the services section.
func catalogueConfig(s config.Services) catalogue.Config {
	c := catalogue.Config{
		Discover: s.Discover, Calls: catalogue.Calls(s.Calls), Name: s.Name, Match: s.Match, Default: service("", nil, s.Default),
		Aliases: map[string]string{}, Owners: map[string]rules.Service{}, Depends: map[string][]string{},
	}
	for _, one := range s.List {
		c.Depends[one.Name] = append(c.Depends[one.Name], one.DependsOn...)
		c.List = append(c.List, service(one.Name, one.Match, one.Responsible))
	}
	for _, a := range s.Aliases {
		c.Aliases[a.Name] = a.Service
		c.Owners[a.Service] = merged(c.Owners[a.Service], service(a.Service, nil, a.Responsible))
	}
	return c
}

func service(name string, match map[string]string, r config.Responsible) rules.Service {
	return rules.Service{Name: name, Match: match, Owner: r.Owner, Chat: r.Chat, Pager: r.Pager, Hook: r.Hook}
}

// merged keeps what an earlier line of the aliases file said.
func merged(a, b rules.Service) rules.Service {
	return rules.Service{
		Name: b.Name, Owner: cmp.Or(a.Owner, b.Owner), Chat: cmp.Or(a.Chat, b.Chat),
		Pager: cmp.Or(a.Pager, b.Pager), Hook: cmp.Or(a.Hook, b.Hook),
	}
}

func newServer(c config.Config, e *engine.Engine, st *store.Store, set *metrics.Set, log *slog.Logger) (*server.Server, error) {
	endpoints, err := endpoints(c, e)
	if err != nil {
		return nil, err
	}
	return server.New(server.Options{
		Engine: e, Store: st, Ready: func() []api.Trouble { return troubles(e.Problems()) }, Frozen: e.Frozen,
		Reload: func(ctx context.Context) []api.Diagnostic { return diagnostics(e.Reload(ctx)) },
		Rules:  ruleTrust{e.RuleTrust()}, Subscribe: e.Subscribe, Sources: endpoints, Canonical: e.Canonical, Metrics: set, Now: time.Now, Log: log,
		Version: version(), Listen: c.Listen, ExternalURL: c.ExternalURL, TokenFile: c.TokenFile, WebConfig: c.WebConfig,
	})
}

func troubles(ps []engine.Problem) []api.Trouble {
	ts := []api.Trouble{}
	for _, p := range ps {
		ts = append(ts, api.Trouble(p))
	}
	return ts
}

func diagnostics(ds []rules.Diagnostic) []api.Diagnostic {
	all := []api.Diagnostic{}
	for _, d := range ds {
		all = append(all, api.Diagnostic{
			File: d.File, Line: d.Line, Column: d.Column, Code: d.Code, Message: d.Message, Hint: d.Hint, Snippet: d.Snippet,
		})
	}
	return all
}
