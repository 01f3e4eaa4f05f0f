package daemon

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/engine"
	"github.com/pushback/pushback/internal/folder"
	"github.com/pushback/pushback/internal/probes"
	"github.com/pushback/pushback/internal/reporting"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/internal/webconfig"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/metrics"
)

// Built is every adapter that a configuration names.
type Built struct {
	Metrics map[string]metrics.Store
	Probers []*probes.Prober
	Sources map[string]server.Endpoint // those that deliveries are sent to
	Feeds   map[string]Feed
	Paths   changes.PathMap // of events that people and pipelines send themselves
	Hooks   map[string]engine.Hook
	Senders map[string]notify.Sender
	Reports map[string]reporting.Tool
	Grafana Annotator // nil: no annotations
}

// Feed is a source that fetches its changes, and the services that it may speak for.
type Feed struct {
	changes.Feed
	server.Endpoint
}

// Build builds every adapter of a configuration, or returns every mistake in them. It
// calls nobody. With access Check it opens nothing either; with any other, the caller
// closes Built. of is what the daemon has for the source of a name.
func (t Table) Build(c config.Config, access metrics.Access, of func(name string) changes.Options, log *slog.Logger) (Built, config.Diagnostics) {
	b := builder{Table: t, config: c}
	built := Built{
		Metrics: b.metricStores(names(c.Metrics), access, log), Probers: b.probers(),
		Hooks: b.hooks(names(c.Hooks)), Senders: b.senders(names(c.Receivers)), Reports: b.reports(), Grafana: b.grafana(),
	}
	built.Sources, built.Feeds = b.sources(of, log)
	built.Paths = b.paths()
	b.checkWall(built)
	if _, err := c.StoreURL(); err != nil {
		b.note("store.url_file", err)
	}
	if err := server.CheckTokens(c.TokenFile); err != nil {
		b.note("token_file", err)
	}
	if _, err := newSignIn(c, log); err != nil {
		b.note("oidc", err)
	}
	if err := webconfig.File(c.WebConfig).Check(); err != nil {
		b.note("web_config", err)
	}
	if len(b.found) > 0 {
		return Built{}, append(b.found, closeAll(c, built)...)
	}
	return built, nil
}

// Check reads a pushback.yml and builds every adapter that it names, and returns every
// mistake of both. It opens nothing and calls nobody.
func (t Table) Check(path string) (config.Config, config.Diagnostics) {
	c, mistakes := t.Load(path)
	if c.File == "" {
		return c, mistakes // the file could not be read
	}
	_, more := t.Build(c, metrics.Check, func(string) changes.Options { return changes.Options{} }, slog.New(slog.DiscardHandler))
	mistakes = append(mistakes, more...)
	return c, append(mistakes, t.noDefaultReceiver(c)...).Sorted()
}

// BoundHooks are the rules that name a hook which the configuration gives to others. The
// daemon starts all the same, with the last good rules: a team's file must not keep it from
// starting.
func (t Table) BoundHooks(c config.Config) (mistakes config.Diagnostics) {
	for _, d := range mistakesInRules(c, t.World(c), rules.CodeBoundHook) {
		mistakes = append(mistakes, config.Diagnostic{File: filepath.Join(c.Rules, d.File), Problem: strictyaml.Problem{
			Line: d.Line, Column: d.Column, Code: d.Code, Message: d.Message, Hint: d.Hint,
		}})
	}
	return mistakes
}

// mistakesInRules are the mistakes of one code in the rules folder.
func mistakesInRules(c config.Config, w rules.World, code string) []rules.Diagnostic {
	_, found := rules.Load(folder.Files(c.Rules), w)
	return slices.DeleteFunc(found, func(d rules.Diagnostic) bool { return d.Code != code })
}

// noDefaultReceiver is the mistake that a rule tells somebody, and the configuration does not
// say who is told where nobody is responsible for a service.
func (t Table) noDefaultReceiver(c config.Config) config.Diagnostics {
	w := t.StrictWorld(c)
	if !w.NoDefaultReceiver {
		return nil
	}
	found := mistakesInRules(c, w, rules.CodeNoDefaultReceiver)
	if len(found) == 0 {
		return nil
	}
	return c.NoDefaultReceiver(fmt.Sprintf("%s:%d", found[0].File, found[0].Line))
}

// MetricStores builds only the named metric stores, as Build does.
func (t Table) MetricStores(c config.Config, names []string, access metrics.Access, log *slog.Logger) (map[string]metrics.Store, config.Diagnostics) {
	b := builder{Table: t, config: c}
	built := b.metricStores(names, access, log)
	if len(b.found) > 0 {
		return nil, append(b.found, closeAll(c, Built{Metrics: built})...)
	}
	return built, nil
}

// Hook builds only the named hook.
func (t Table) Hook(c config.Config, name string) (engine.Hook, config.Diagnostics) {
	b := builder{Table: t, config: c}
	return b.hooks([]string{name})[name], b.found
}

// Sender builds only the named receiver.
func (t Table) Sender(c config.Config, name string) (notify.Sender, config.Diagnostics) {
	b := builder{Table: t, config: c}
	return b.senders([]string{name})[name], b.found
}

// Close closes the metric stores.
func (b Built) Close() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(b.Metrics)) {
		errs = append(errs, b.Metrics[name].Close())
	}
	return errors.Join(errs...)
}

// closeAll closes what was built although another adapter has a mistake.
func closeAll(c config.Config, b io.Closer) config.Diagnostics {
	if err := b.Close(); err != nil {
		return c.Mistakes("metrics", err)
	}
	return nil
}

// builder builds adapters and collects their mistakes, so that people see all at once.
type builder struct {
	Table
	config config.Config
	found  config.Diagnostics
}

// note adds the mistakes of one adapter.
func (b *builder) note(path string, err error) {
	b.found = append(b.found, b.config.Mistakes(path, err)...)
}

// each builds the adapters of one section that have these names, and notes the mistakes
// of those that cannot be built.
func each[A any](b *builder, section string, names []string, build func(name string) (A, error)) map[string]A {
	all := map[string]A{}
	for _, name := range names {
		a, err := build(name)
		if err != nil {
			b.note(section+"."+name, err)
			continue
		}
		all[name] = a
	}
	return all
}

func (b *builder) metricStores(names []string, access metrics.Access, log *slog.Logger) map[string]metrics.Store {
	return each(b, "metrics", names, func(name string) (metrics.Store, error) {
		a := b.config.Metrics[name]
		return b.Metrics[a.Kind].build(metrics.Options{Name: name, Access: access, Log: log.With("component", "metrics/"+name)}, a.Settings)
	})
}

// paths is the map of the services section, which Load has checked.
func (b *builder) paths() changes.PathMap {
	m, _ := b.config.Services.Paths.Compile()
	return m
}

func (b *builder) hooks(wanted []string) map[string]engine.Hook {
	return each(b, "hooks", wanted, func(name string) (engine.Hook, error) {
		a := b.config.Hooks[name]
		h, err := b.Hooks[a.Kind].build(struct{}{}, a.Settings)
		return engine.Hook{
			Hook: h, Idempotent: a.Idempotent, LastGood: a.Target == config.LastGood, Aborts: a.Abort, FixedTarget: a.Fixed,
			Timeout: a.Settings.(rollback.Settings).CallTimeout(), Binding: a.Binding,
		}, err
	})
}

func (b *builder) senders(wanted []string) map[string]notify.Sender {
	return each(b, "receivers", wanted, func(name string) (notify.Sender, error) {
		a := b.config.Receivers[name]
		return b.Receivers[a.Kind].build(struct{}{}, a.Settings)
	})
}

// reports builds the tools that get verdicts, each with the sources that it knows.
func (b *builder) reports() map[string]reporting.Tool {
	return each(b, "reports", names(b.config.Reports), func(name string) (reporting.Tool, error) {
		a := b.config.Reports[name]
		kind := b.Reports[a.Kind]
		r, err := kind.build(struct{}{}, a.Settings)
		from, mistake := b.sourcesOf(a, kind.of)
		return reporting.Tool{Reporter: r, Sources: from}, errors.Join(err, mistake)
	})
}

// sourcesOf are the sources whose changes a report is for; nil for every change. A tool knows only what it has
// reported itself: another source could name any repository that the token may write to.
func (b *builder) sourcesOf(r config.Report, kind string) (from []string, err error) {
	for _, name := range r.Sources {
		if s, known := b.config.Sources[name]; known && kind != "" && s.Kind != kind {
			err = errors.Join(err, fmt.Errorf("sources has %s, which is of kind %s: a report of kind %s is for sources of kind %s", name, s.Kind, r.Kind, kind))
		}
	}
	if err != nil || len(r.Sources) > 0 || kind == "" {
		return r.Sources, err
	}
	for _, name := range names(b.config.Sources) {
		if b.config.Sources[name].Kind == kind {
			from = append(from, name)
		}
	}
	if len(from) == 0 {
		return nil, fmt.Errorf("kind is %s, and there is no source of kind %s whose changes it could report", r.Kind, kind)
	}
	return from, nil
}

func (b *builder) grafana() Annotator {
	if b.config.Grafana == nil {
		return nil
	}
	g, err := b.Grafana.build(struct{}{}, b.config.Grafana.Settings)
	if err != nil {
		b.note("grafana", err)
	}
	return g
}

// World is what a rule may name, by what pushback.yml defines. It opens no metric store.
func (t Table) World(c config.Config) rules.World {
	// With access Check nothing is open that would have to be closed.
	stores, _ := t.MetricStores(c, names(c.Metrics), metrics.Check, slog.New(slog.DiscardHandler))
	return worldOf(c, stores)
}

// StrictWorld is World for rules that tell people, as the daemon runs them. Commands that only
// read what happened need nobody who is told.
func (t Table) StrictWorld(c config.Config) rules.World {
	w := t.World(c)
	w.NoDefaultReceiver = CatalogueConfig(c.Services).DefaultReceiver() == ""
	return w
}

func worldOf(c config.Config, stores map[string]metrics.Store) rules.World {
	w := rules.World{
		Hooks: names(c.Hooks), Receivers: names(c.Receivers), Freezes: names(c.Freezes),
		Stores: map[string]sources.Language{}, Bindings: map[string]rollback.Binding{}, Default: c.DefaultMetrics, AllowEmpty: c.AllowEmpty,
	}
	for name, h := range c.Hooks {
		w.Bindings[name] = h.Binding
	}
	for name, s := range stores {
		w.Stores[name] = s.Language()
	}
	return w
}

// names are the keys, sorted; never nil, which would mean "not known".
func names[T any](table map[string]T) []string {
	return append(make([]string, 0, len(table)), slices.Sorted(maps.Keys(table))...)
}
