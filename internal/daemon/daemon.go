package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"syscall"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/audit"
	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/deliveries"
	"github.com/pushback/pushback/internal/digest"
	"github.com/pushback/pushback/internal/engine"
	"github.com/pushback/pushback/internal/openid"
	"github.com/pushback/pushback/internal/probes"
	"github.com/pushback/pushback/internal/reconcile"
	"github.com/pushback/pushback/internal/retention"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/tally"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/internal/wall"
	"github.com/pushback/pushback/internal/webconfig"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources/metrics"
)

// Options are what a daemon runs with.
type Options struct {
	Config  config.Config
	Table   Table // Adapters(), unless a test adds to it
	Version string
	Log     *slog.Logger
}

// Daemon is a whole Pushback: wired by New, started by Run.
type Daemon struct {
	log     *slog.Logger
	config  config.Config
	engine  *engine.Engine
	server  *server.Server
	rules   rulesFolder
	edits   *edits
	secrets secretFiles
	aliases *catalogue.Catalogue // resolves the names that sources report
	probes  *probes.Runner
	wall    *wall.Wall
	missed  *reconcile.Reconciler
	signIn  *openid.Client // nil: only tokens sign in
	chain   *audit.Verifier
	digests *digest.Keeper
	store   *store.Store

	deliveries *deliveries.Record
	listeners  *listeners
	built      Built
	closers    []io.Closer // closed last to first
}

// New opens the database and the metric stores and wires everything. It starts nothing and
// calls nobody. Mistakes in the configuration are config.Diagnostics. Whatever was opened
// is closed again after an error.
func New(ctx context.Context, o Options) (d *Daemon, err error) {
	o.Log = o.Log.With("replica", o.Config.ReplicaName())
	d = &Daemon{
		log: o.Log, config: o.Config, rules: rulesFolder{path: o.Config.Rules, log: o.Log},
		edits:   &edits{table: o.Table, log: o.Log.With("component", "config"), running: o.Config},
		secrets: secretFiles{config: o.Config},
		aliases: catalogue.New(CatalogueConfig(o.Config.Services), nil),
	}
	context.AfterFunc(ctx, func() { d.rules.ends.Store(true) })
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	st, err := openStore(ctx, o.Config)
	if err != nil {
		return d, err
	}
	if m, migrated := st.Migrated(); migrated {
		o.Log.Info("the database was migrated", "from", m.From, "to", m.To, "copy", m.Copy)
	}
	d.store, d.closers = st, append(d.closers, st)
	built, mistakes := o.Table.Build(o.Config, metrics.ReadWrite, d.sourceOptions(st), o.Log)
	if len(mistakes) > 0 {
		return d, mistakes
	}
	d.built, d.closers = built, append(d.closers, built)
	built.remember(st, d.aliases.CanonicalEvent)
	for _, w := range o.Config.SecretWarnings() {
		o.Log.Warn(w.Message, "place", fmt.Sprintf("%s:%d", w.File, w.Line), "fix", w.Hint)
	}
	set := vm.NewSet()
	countFailing(set, built.Metrics)
	if d.probes, err = newProbes(o.Config, built, o.Log); err != nil {
		return d, err
	}
	countProbes(set, d.probes)
	tally.Birth(set, d.labelNames())
	d.wall = newWall(o.Config, built, o.Log)
	if d.engine, err = engine.New(d.engineOptions(o, st, set)); err != nil {
		return d, err
	}
	return d, d.buildAround(o, st, set)
}

// buildAround builds what works beside the engine, and the server.
func (d *Daemon) buildAround(o Options, st *store.Store, set *vm.Set) (err error) {
	d.missed = d.newReconciler(st, set)
	if d.signIn, err = newSignIn(o.Config, o.Log); err != nil {
		return err
	}
	d.chain = &audit.Verifier{Store: st, Replica: o.Config.ReplicaName(), Log: o.Log.With("component", "audit"), Now: time.Now}
	d.listeners = newListeners(st, d.newAnswerer(st), d.built.Senders, d.log)
	d.digests = d.newDigests(st)
	d.deliveries = deliveries.New(st, o.Log.With("component", "deliveries"), time.Now)
	d.server, err = d.newServer(o, st, set)
	return err
}

// Close closes everything. Run must have returned.
func (d *Daemon) Close() error {
	var errs []error
	for _, c := range slices.Backward(d.closers) {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// Listen opens the port of the configuration.
func (d *Daemon) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp", d.config.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening: %w\n  hint: %s; `listen` in %s names the address", err, listenHint(err), d.config.File)
	}
	return l, nil
}

// listenHint says what may be wrong with an address that cannot be listened on.
func listenHint(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "is another pushback, or another program, running there?"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "this machine does not have this address; 0.0.0.0 stands for all that it has"
	case errors.Is(err, syscall.EACCES):
		return "ports below 1024 need a right: write one above"
	}
	return "is the address right?"
}

// Run starts everything and waits for all of it to end. The first part that fails ends
// the others.
func (d *Daemon) Run(ctx context.Context, l net.Listener) error {
	err := d.run(ctx, l)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // it was stopped while something was still starting
	}
	return err
}

func (d *Daemon) run(ctx context.Context, l net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range d.built.Metrics {
		g.Go(func() error { return s.Run(ctx) })
	}
	for name, f := range d.built.Feeds {
		g.Go(func() error { return f.Run(ctx, d.server.Taker(name, f.Endpoint)) })
	}
	g.Go(func() error { return d.deliveries.Run(ctx) })
	g.Go(func() error { return d.probes.Run(ctx) })
	g.Go(func() error { return d.wall.Run(ctx) })
	g.Go(func() error { return d.engine.Run(ctx) })
	g.Go(func() error { return d.missed.Run(ctx) })
	g.Go(func() error { return d.chain.Run(ctx) })
	g.Go(func() error { return d.digests.Run(ctx) })
	g.Go(func() error { return d.server.Serve(ctx, l) })
	if d.signIn != nil {
		g.Go(func() error { return d.signIn.Run(ctx) })
	}
	g.Go(func() error { return d.listeners.run(ctx) })
	g.Go(func() error { return d.runSilences(ctx, d.store) })
	g.Go(func() error { return d.reloadOnHangup(ctx) })
	g.Go(func() error { return d.reloadOnEdit(ctx) })
	return g.Wait()
}

func (d *Daemon) engineOptions(o Options, st *store.Store, set *vm.Set) engine.Options {
	c, world := o.Config, worldOf(o.Config, d.built.Metrics)
	return engine.Options{
		Store: st, Replica: c.ReplicaName(), Metrics: d.metricStores(), Hooks: d.built.Hooks, Senders: d.built.Senders, Reports: d.built.Reports, Grafana: d.built.Grafana,
		World: world, Rules: func() (*rules.Set, []rules.Diagnostic) { return d.loadRules(world) },
		Catalogue: CatalogueConfig(c.Services), Freezes: c.Freezes, Business: c.Business, FreezeFile: c.Guards.FreezeFile,
		Limits: c.Guards.Limits, Windows: c.Guards.Freezes, Profiles: c.Profiles, Retention: retention.Policy{Changes: c.Retention, Journal: c.Journal}, Trust: trustPolicy(c.Trust),
		ExternalURL: cmp.Or(c.ExternalURL, "http://"+c.Listen), People: c.People, SharePictures: sharesPictures(c), Telemetry: engine.NewTelemetry(set), Log: o.Log,
	}
}

// labelNames are the names in the settings that are labels of counters.
func (d *Daemon) labelNames() tally.Names {
	c := d.config
	return tally.Names{
		Receivers: names(c.Receivers), Reports: names(c.Reports), Stores: names(c.Metrics),
		Sources: append(names(c.Sources), server.APISource), Grafana: c.Grafana != nil,
	}
}

// sharesPictures says whether other tools can fetch pictures: they need an address, and have no password.
func sharesPictures(c config.Config) bool {
	return c.ExternalURL != "" && !webconfig.File(c.WebConfig).AsksForPassword()
}

// metricStores are the metric stores by name; "" is the default one.
func (d *Daemon) metricStores() map[string]engine.MetricStore {
	all := map[string]engine.MetricStore{}
	for name, s := range d.built.Metrics {
		all[name] = s
	}
	all[""] = all[d.config.DefaultMetrics]
	return all
}

func openStore(ctx context.Context, c config.Config) (*store.Store, error) {
	url, err := c.StoreURL()
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("opening Pushback's database: %w", err)
	}
	return st, nil
}

func trustPolicy(t config.Trust) trust.Policy {
	if t.AsWritten {
		return trust.Policy{New: rules.Act, Cap: t.Cap, Clean: t.Clean}
	}
	return trust.Policy{New: rules.Observe, Cap: t.Cap, Clean: t.Clean}
}

func (d *Daemon) newServer(o Options, st *store.Store, set *vm.Set) (*server.Server, error) {
	c, e := o.Config, d.engine
	return server.New(server.Options{
		Engine: e, Store: st, Started: e.Started, Ready: d.problems, Frozen: e.Frozen,
		Reload:  func(ctx context.Context) []api.Diagnostic { return diagnostics(e.Reload(ctx)) },
		Freezer: e,
		Rules:   ruleTrust{e.RuleTrust()}, Details: ruleDetails{e, st}, Subscribe: e.Subscribe, Sources: d.built.Sources, Receivers: d.listeners.handlers(d.built.Senders), Inlets: d.inlets(), Connects: d.connections, Deliveries: d.deliveries, Canonical: e.Catalogue().CanonicalEvent, Paths: d.built.Paths, Knows: e.Catalogue().Knows, Warn: warnings(e), Services: e.Catalogue().InMemory, Protect: e.Protect, SignIn: d.signInOption(), Instances: d.instances, Pictures: e.Pictures(), SharePictures: sharesPictures(c), Suspects: e.OtherChanges, Dashboard: d.dashboard(), Owner: e.Catalogue().Owner, Watching: e.RulesFor, Wall: d.wall.Lines, Metrics: set, Now: time.Now, Log: o.Log,
		Version: o.Version, Replica: c.ReplicaName(), Retention: c.Retention, Journal: c.Journal, Listen: c.Listen, ExternalURL: c.ExternalURL, TokenFile: c.TokenFile, WebConfig: c.WebConfig,
	})
}

// problems are the engine's, and those that only the wiring knows of.
func (d *Daemon) problems() []api.ComponentProblem {
	return slices.Concat(troubles(d.engine.Problems()), d.unscraped(), d.unprobed(), d.unfed(), d.unasked(), d.listeners.unheard(), d.edits.problem(), d.secrets.problems(), d.signInProblem())
}

// unscraped names the metric stores that cannot scrape some of their targets. One that can
// scrape none is named as a store that does not work.
func (d *Daemon) unscraped() (found []api.ComponentProblem) {
	for _, name := range slices.Sorted(maps.Keys(d.built.Metrics)) {
		p := api.ComponentProblem{Component: "metrics/" + name + "/targets", Detail: metrics.Trouble(d.built.Metrics[name])}
		if p.Detail == "" {
			continue
		}
		if failing, all, _ := d.built.Metrics[name].(metrics.Scraper).Failing(); failing == all {
			p.Component = "metrics/" + name
		}
		found = append(found, p)
	}
	return found
}

// inlets are the configured sources and feeds, by name.
func (d *Daemon) inlets() (all []server.Inlet) {
	for _, name := range names(d.config.Sources) {
		inlet := server.Inlet{Name: name, Kind: d.config.Sources[name].Kind, Site: siteOf(d.config.Sources[name].Settings)}
		if f, is := d.built.Feeds[name]; is {
			inlet.Trouble = f.Trouble
		}
		all = append(all, inlet)
	}
	return all
}

// unfed names the feeds that cannot read their changes now.
func (d *Daemon) unfed() (found []api.ComponentProblem) {
	for _, name := range names(d.built.Feeds) {
		if text := d.built.Feeds[name].Trouble(); text != "" {
			found = append(found, api.ComponentProblem{Component: "sources/" + name, Detail: text})
		}
	}
	return found
}

// countFailing serves how many targets each metric store cannot scrape.
func countFailing(set *vm.Set, stores map[string]metrics.Store) {
	for name, store := range stores {
		if s, scrapes := store.(metrics.Scraper); scrapes {
			set.NewGauge(fmt.Sprintf("pushback_scrape_targets_failing{store=%q}", name), func() float64 {
				failing, _, _ := s.Failing()
				return float64(failing)
			})
		}
	}
}
