package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/profiles"
	"github.com/pushback/pushback/internal/trust"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// MetricStore is a metric store, as the engine asks it. Measure lets the store find
// out its Resolution from its own data, and does nothing where it knows it.
type MetricStore interface {
	gather.Ranger
	Measure(ctx context.Context) error
}

// Annotator marks a change on Grafana and gives the annotation's id.
type Annotator interface {
	Put(ctx context.Context, a grafana.Annotation) (int64, error)
}

// Hook is a rollback hook with what pushback.yml says of it.
type Hook struct {
	rollback.Hook
	Idempotent bool          // may be sent again with the same key
	LastGood   bool          // `target: last_good`: may skip condemned versions further back
	Aborts     bool          // `abort: true`: may stop a rollout that is half-way
	Timeout    time.Duration // after which a send without an answer is unknown
}

// Options is all the engine stands on. Everything but Store, Metrics and
// Rules may be left empty.
type Options struct {
	Store       *store.Store
	Metrics     map[string]MetricStore // "" is the default store
	Rules       Loader
	World       rules.World
	Catalogue   catalogue.Config
	Hooks       map[string]Hook
	Senders     map[string]notify.Sender
	Grafana     Annotator
	Freezes     map[string]rules.Freeze
	Business    rules.Freeze // what business_hours() asks
	FreezeFile  string
	Limits      rollback.Limits
	Windows     []string       // names among Freezes: while one holds, nothing is rolled back unasked
	Profiles    rules.Schedule // when profiles are learned; zero: never, but when a rule changes or a change finds none
	Retention   time.Duration  // how long raw events, records and finished jobs are kept
	Trust       trust.Policy
	ExternalURL string
	Telemetry   *Telemetry
	Log         *slog.Logger
	Now         func() time.Time
}

// Engine is one running Pushback. New builds it, Run blocks.
type Engine struct {
	Options
	boot       string // names this run
	rules      *ruleBook
	catalogue  *catalogue.Catalogue
	jobs       jobQueue
	stores     *storeHealth
	shared     map[string]gather.Ranger // by name: the stores as looks ask them
	profiles   *profiles.Keeper
	trust      *trust.Keeper
	looks      *dueLooks
	befores    *beforeCache
	listeners  *listeners
	preflights *preflights
	wake       chan struct{} // a change may want watches
	started    atomic.Bool
	approvals  rollback.ApprovalKey
	noted      sync.Map // what the journal holds of the last saying: of guards, by order key; of the freeze file
	sending    sync.Map // order key → struct{}: sends under way in this process
}

// New builds an engine. It loads the rules, of which at least the last good
// set must be readable, and asks nothing of any metric store: an unreachable
// one must not keep Pushback from taking events.
func New(o Options) (*Engine, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	e := &Engine{Options: o, boot: rand.Text(), wake: make(chan struct{}, 1), listeners: newListeners(), preflights: newPreflights()}
	e.rules = newRuleBook(o.Rules, o.Now())
	e.catalogue = catalogue.New(o.Catalogue, o.Metrics[""])
	e.stores = newStoreHealth()
	e.shared = sharing(o.Metrics, o.Now)
	e.profiles = profiles.New(profiles.Options{
		Store: o.Store, Metrics: rangers(o.Metrics), DefaultStore: o.World.Default, Catalogue: e.catalogue,
		Rules:   e.ruleList,
		Learned: o.Telemetry.learned, Log: o.Log, Now: o.Now,
	})
	e.trust = trust.New(trust.Options{
		Store: o.Store, Policy: o.Trust, Rules: e.ruleList, ReadProfile: e.profiles.Read, Propose: e.proposeStep, Log: o.Log, Now: o.Now,
	})
	e.looks = newDueLooks(o.Store)
	e.befores = newBeforeCache()
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	key, err := e.Store.Secret(context.Background(), "approval", fresh)
	if err != nil {
		return nil, fmt.Errorf("preparing approvals: %w", err)
	}
	e.approvals = key
	jobs, err := newJobs(e)
	if err != nil {
		return nil, fmt.Errorf("preparing jobs: %w", err)
	}
	e.jobs = jobs
	e.Telemetry.observe(e)
	return e, nil
}

// Run looks and acts until ctx ends, then finishes what is in flight.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.jobs.Start(ctx); err != nil {
		return fmt.Errorf("starting jobs: %w", err)
	}
	defer e.stopJobs()
	if err := e.recover(ctx); err != nil {
		return fmt.Errorf("taking up where the last run ended: %w", err)
	}
	e.started.Store(true)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.planChanges(ctx) })
	g.Go(func() error { return e.runLooks(ctx) })
	g.Go(func() error { return e.profiles.Run(ctx) })
	g.Go(func() error { return e.keepTimes(ctx) })
	g.Go(func() error { return e.sweep(ctx) })
	g.Go(func() error { return e.standby(ctx) })
	g.Go(func() error { return e.checkHooks(ctx) })
	return g.Wait()
}

// Accept commits one event and wakes the planner. When it returns without an
// error, the event is on disk.
func (e *Engine) Accept(ctx context.Context, ev sources.Event, raw []byte) (store.Accepted, error) {
	now := e.Now()
	ev = ev.WithDefaults()
	ev.Service = e.catalogue.Canonical(ev.Service)
	if err := ev.Validate(now); err != nil {
		return store.Accepted{}, err
	}
	a, err := e.Store.Accept(ctx, ev, raw, now)
	if err != nil {
		return a, fmt.Errorf("storing the event: %w", err)
	}
	if !a.Duplicate {
		e.wakePlanner()
		e.looks.hasten(a.Change.Key, now)
		e.listeners.tell(a.Change.Key)
	}
	return a, nil
}

// Canonical is our name of a service that a tool may call otherwise.
func (e *Engine) Canonical(service string) string { return e.catalogue.Canonical(service) }

func (e *Engine) wakePlanner() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// rangers are the metric stores as profiles and looks ask them.
func rangers(stores map[string]MetricStore) map[string]gather.Ranger {
	all := map[string]gather.Ranger{}
	for name, s := range stores {
		all[name] = s
	}
	return all
}

// RuleTrust is what rules have earned.
func (e *Engine) RuleTrust() *trust.Keeper { return e.trust }

func (e *Engine) ruleList() []rules.Rule { return e.rules.set().Rules() }
