package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/due"
	"github.com/pushback/pushback/internal/fleet"
	"github.com/pushback/pushback/internal/freezing"
	"github.com/pushback/pushback/internal/gate"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/outage"
	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/internal/picturing"
	"github.com/pushback/pushback/internal/planning"
	"github.com/pushback/pushback/internal/profiles"
	"github.com/pushback/pushback/internal/progress"
	"github.com/pushback/pushback/internal/remarks"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/reporting"
	"github.com/pushback/pushback/internal/retention"
	"github.com/pushback/pushback/internal/routing"
	"github.com/pushback/pushback/internal/situation"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// MetricStore is a metric store, as the engine asks it. MeasureResolution lets the store find
// out its Resolution from its own data, and does nothing where it knows it.
type MetricStore interface {
	gather.Ranger
	MeasureResolution(ctx context.Context) error
}

// Hook is a rollback hook with what pushback.yml says of it.
type Hook struct {
	rollback.Hook
	Idempotent  bool             // may be sent again with the same key
	LastGood    bool             // `target: last_good`: may skip bad versions further back
	Aborts      bool             // `abort: true`: may stop a rollout that is under way
	FixedTarget string           // the version that it restores for every flag and experiment; "": the one before
	Timeout     time.Duration    // after which a send without an answer is unknown
	Binding     rollback.Binding // who may use it
}

// Options are what the engine works with. Everything but Store, Metrics, Rules and Log
// may be left empty.
type Options struct {
	Store       *store.Store
	Replica     string                 // names this replica among those that share the store
	Metrics     map[string]MetricStore // "" is the default store
	Rules       Loader
	World       rules.World
	Catalogue   catalogue.Config
	Hooks       map[string]Hook
	Senders     map[string]notify.Sender
	Grafana     reporting.Annotator
	Reports     map[string]reporting.Tool // by their names in pushback.yml
	Freezes     map[string]rules.Freeze
	Business    rules.Freeze // what business_hours() asks
	FreezeFile  string
	Limits      rollback.Limits
	Windows     []string       // names among Freezes: while one holds, nothing is rolled back unasked
	Profiles    rules.Schedule // when profiles are learned; zero: never, but when a rule changes or a change finds none
	Retention   retention.Policy
	Trust       trust.Policy
	ExternalURL string
	People      people.List // whom messages mention

	// SharePictures has reports name the picture of their change, by an address that opens it to whoever has it.
	SharePictures bool

	Telemetry *Telemetry
	Log       *slog.Logger
	Now       func() time.Time
}

// Problem is one reason for not being ready.
type Problem struct {
	Component string `json:"component"` // store, rules, jobs, metrics/<name>, hooks/<name>
	Detail    string `json:"detail"`
}

// Engine is one running Pushback. New builds it, Run blocks. Its parts are types of their
// own; it wires them and lets them run.
//
// See adr/0003.
type Engine struct {
	*core
	*gate.Keeper // Gate, Hold, Release, Clear, Freeze and incidents: what deploy tools and people ask

	rules     *ruleBook
	profiles  *profiles.Keeper
	trust     *trust.Keeper
	outages   *outage.Monitor
	looks     *due.Looks
	planner   *planning.Planner
	looker    *looker
	orders    *executor
	verifier  *verifier
	deliverer *deliverer
	reports   *reporting.Keeper
	hooks     *hookChecker
	scheduler *scheduler
	freezing  *freezing.Log
	started   atomic.Bool
}

// New builds an engine. It loads the rules, of which at least the last good set must be
// readable, and asks nothing of any metric store: an unreachable one must not keep
// Pushback from taking events.
func New(o Options) (*Engine, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	if err := o.Store.Join(context.Background(), o.Replica); err != nil {
		return nil, fmt.Errorf("joining the replicas of the database: %w", err)
	}
	key, err := o.Store.Secret(context.Background(), "approval", fresh)
	if err != nil {
		return nil, fmt.Errorf("preparing approvals: %w", err)
	}
	approvals := rollback.ApprovalKey(key)
	pictures, err := picturing.Open(context.Background(), o.Store)
	if err != nil {
		return nil, err
	}
	e := &Engine{core: newCore(o, approvals, pictures)}
	e.wireLearning()
	e.wireActing(approvals)
	e.wireWatching()
	e.jobs = newJobs(e)
	e.Telemetry.observe(e)
	return e, nil
}

func newCore(o Options, approvals rollback.ApprovalKey, pictures *picturing.Keeper) *core {
	c := &core{
		pictures: pictures,
		Options:  o, replica: replica.New(o.Store, o.Log, o.Now), listeners: newListeners(), checks: &lastChecks{},
		catalogue: catalogue.New(o.Catalogue, o.Metrics[""]),
		text:      messages.Composer{ExternalURL: o.ExternalURL, Token: approvals.Token, People: o.People},
	}
	if o.SharePictures {
		c.text.Picture = pictures.Key().Path
	}
	c.fleet = fleet.New(fleet.Options{
		Store: o.Store, Limits: o.Limits, Default: c.catalogue.DefaultReceiver, Text: c.text, Deliver: c.deliver, Log: o.Log, Now: o.Now,
		Suspects: func(ctx context.Context, ch store.Change, since, before time.Time) ([]rollback.Suspect, error) {
			return c.situation.Suspects(ctx, ch, since, before) // which itself asks the breaker
		},
	})
	c.routing = routing.Options{Store: o.Store, Owner: c.catalogue.Owner, Open: c.freezes, Deliver: c.deliver, Now: o.Now}
	c.situation = &situation.Reader{
		Store: o.Store, Catalogue: c.catalogue, Limits: o.Limits, Hook: c.hookFacts,
		Window: c.window, Fleet: c.fleet.Why, Frozen: c.Frozen, Now: o.Now,
	}
	return c
}

// wireLearning wires what is known beside the change itself: rules, profiles, trust.
func (e *Engine) wireLearning() {
	e.rules = newRuleBook(e.core, func() { e.profiles.RulesChanged() })
	e.profiles = profiles.New(profiles.Options{
		Store: e.Store, Metrics: rangers(e.Metrics), DefaultStore: e.World.Default, Catalogue: e.catalogue,
		Rules: e.ruleList, Learned: e.Telemetry.learned, Log: e.Log, Now: e.Now,
	})
	e.trust = trust.New(trust.Options{
		Store: e.Store, Policy: e.Trust, Rules: e.ruleList, ReadProfile: e.profiles.Read,
		Propose: e.proposeStep, Log: e.Log, Now: e.Now,
	})
}

// wireActing wires what changes the world outside: orders, messages, reports.
func (e *Engine) wireActing(approvals rollback.ApprovalKey) {
	e.looks = e.newLooks()
	e.reports = e.newReports()
	e.verifier = &verifier{e.core, e.trust}
	e.deliverer = &deliverer{e.core}
	e.hooks = &hookChecker{core: e.core, preflights: newPreflights()}
	e.freezing = &freezing.Log{Store: e.Store, File: e.FreezeFile, Changed: e.listeners.publish, Frozen: e.Frozen, Now: e.Now, Log: e.Log}
	e.orders = &executor{core: e.core, reports: e.reports, looks: e.looks, verifier: e.verifier, trust: e.trust, approvals: approvals}
	e.orders.progress = &progress.Keeper{
		Store: e.Store, Text: e.text, Record: e.trust.RecordNamed, Deliver: e.deliver, Changed: e.listeners.publish, Log: e.Log, Now: e.Now,
	}
	e.Keeper = gate.New(gate.Options{
		Store: e.Store, Catalogue: e.catalogue, Situation: e.situation, Text: e.text, Deliver: e.deliver,
		Changed: e.listeners.publish, Incidents: e.profiles.IncidentsChanged, Now: e.Now,
		FreezeFile: e.FreezeFile, NoteFreeze: e.freezing.Note, Window: e.window, Log: e.Log,
	})
}

// wireWatching wires what watches changes.
func (e *Engine) wireWatching() {
	e.outages = outage.New(outage.Options{
		Store: e.Store, Metrics: monitored(e.Metrics), Text: e.text, Send: e.send,
		Open: e.looks.Open, Count: e.Telemetry.fault, Log: e.Log, Now: e.Now,
	})
	e.planner = e.newPlanner()
	e.looker = &looker{
		core: e.core, looks: e.looks, rules: newBoundRules(e.core, e.rules), profiles: e.profiles, trust: e.trust,
		gatherer: gather.NewGatherer(rangers(e.Metrics), e.World.Default, e.outages, e.Now),
		outages:  e.outages, reports: e.reports,
	}
	kept := &retention.Keeper{Policy: e.Retention, Store: e.Store, Log: e.Log, Now: e.Now}
	e.scheduler = &scheduler{core: e.core, profiles: e.profiles, retention: kept}
}

// Run looks and acts until ctx ends, then finishes what is in flight.
func (e *Engine) Run(ctx context.Context) error {
	defer e.keepLease(ctx)()
	if err := e.recover(ctx); err != nil {
		return fmt.Errorf("continuing where the last run ended: %w", err)
	}
	e.started.Store(true)
	g, ctx := errgroup.WithContext(ctx)
	for _, run := range []func(context.Context) error{
		e.jobs.Run, e.planner.Run, e.looker.run, e.looker.followShares, e.profiles.Run, e.scheduler.run, e.sweep, e.outages.Run, e.hooks.run,
	} {
		g.Go(func() error { return run(ctx) })
	}
	return g.Wait()
}

// Accept commits one event and has its change planned. When it returns without an error, the
// event is on disk.
func (e *Engine) Accept(ctx context.Context, ev sources.Admitted, raw []byte) (store.Accepted, error) {
	now, accept := e.Now(), e.Store.Accept
	if err := e.scheduler.retention.RefuseOld(ctx, ev.Event()); err != nil {
		return store.Accepted{}, err
	}
	if e.planner.Unwatched(ev.Event()) {
		accept = e.Store.AcceptUnwatched
	}
	a, err := accept(ctx, ev, raw, now)
	if err != nil {
		return a, fmt.Errorf("storing the event: %w", err)
	}
	if !a.Duplicate {
		e.planner.Offer(a.Change)
		e.looks.Hasten(a.Change.Key, now)
		e.listeners.publish(a.Change.Key)
	}
	return a, nil
}

// Catalogue is the catalogue of services.
func (e *Engine) Catalogue() *catalogue.Catalogue { return e.catalogue }

// Remarks tell people what a source found out about a change.
func (e *Engine) Remarks() remarks.Keeper {
	return remarks.Keeper{Store: e.Store, Service: e.catalogue.Configured, Text: e.text, Send: e.send, Changed: e.listeners.publish, Now: e.Now}
}

// UseServices replaces the services that the engine knows.
func (e *Engine) UseServices(c catalogue.Config) { e.catalogue.Replace(c) }

// Reload reads the rules folder again; see ruleBook.Reload.
func (e *Engine) Reload(ctx context.Context) []rules.Diagnostic { return e.rules.Reload(ctx) }

// Approve lets a proposed order go on, in a person's name. Its error wraps
// store.ErrConflict where the order is no longer proposed.
func (e *Engine) Approve(ctx context.Context, key, actor, why string) error {
	return e.orders.Approve(ctx, key, actor, why)
}

// Reject ends a proposed order, in a person's name; see Approve.
func (e *Engine) Reject(ctx context.Context, key, actor, why string) error {
	return e.orders.Reject(ctx, key, actor, why)
}

// CheckLink checks whether a link's token lets its holder decide on the order. Its error is
// for people and wraps rollback.ErrInvalidLink.
func (e *Engine) CheckLink(ctx context.Context, key, token string) error {
	return e.orders.CheckLink(ctx, key, token)
}

// RuleTrust is what rules have earned.
func (e *Engine) RuleTrust() *trust.Keeper { return e.trust }

// Started reports whether the engine works and knows which rules are in force.
func (e *Engine) Started() bool { return e.started.Load() && e.rules.settled() }

// Problems are the reasons for not being ready: what must work to take and judge events,
// the metric stores that do not answer, and the hooks that could not act.
func (e *Engine) Problems() []Problem {
	var ps []Problem
	if !e.started.Load() {
		ps = append(ps, Problem{Component: "jobs", Detail: "not started yet"})
	}
	if p, is := e.rules.problem(); is {
		ps = append(ps, p)
	}
	faults := e.outages.Faults()
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		ps = append(ps, Problem{Component: "metrics/" + name, Detail: faults[name]})
	}
	return slices.Concat(ps, e.hooks.preflights.problems(), e.reportProblems())
}

func (e *Engine) ruleList() []rules.Rule { return e.rules.set().Rules() }
