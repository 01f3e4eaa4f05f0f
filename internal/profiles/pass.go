package profiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// A pass learns, before any change needs it, what every rule wants to know of
// every service: of what is live in some slot, and of what the catalogue knows.
// It learns one profile after the other, because the metric store has more to do
// than to serve history, and rests in between: see inTurn.

// followRules starts a pass over the changed rules whenever rules may have
// changed.
func (k *Keeper) followRules(ctx context.Context) {
	k.RulesChanged()
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.changed:
		case <-again:
		}
		again = nil
		if err := k.LearnChangedRules(ctx); err != nil && ctx.Err() == nil {
			k.Log.Warn("cannot learn the profiles of changed rules; trying again later", "error", err)
			again = time.After(passRetry)
		}
	}
}

// passRetry is how long a pass over changed rules waits after a failure.
const passRetry = 5 * time.Minute

// RulesChanged has the profiles of changed rules learned soon. It does not block.
func (k *Keeper) RulesChanged() {
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// Changed delivers once after RulesChanged was called.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// IncidentsChanged has every rule checked for outdated profiles; profiles that no
// incident touches stay.
func (k *Keeper) IncidentsChanged() {
	k.mu.Lock()
	clear(k.learnedRules)
	k.mu.Unlock()
	k.RulesChanged()
}

// LearnChangedRules is the pass over the rules whose profiles were not learned
// yet. It leaves profiles that are fresh: the schedule renews those.
func (k *Keeper) LearnChangedRules(ctx context.Context) error {
	p, err := k.newPass(ctx, k.Now().Add(-leftToSchedule), time.Time{})
	if err != nil {
		return err
	}
	return p.run(ctx, k.NeedsLearning)
}

// leftToSchedule is the age up to which a profile is left to the schedule: what a pass that is
// due twice a day, and takes its time, leaves behind.
const leftToSchedule = 12*time.Hour + spreadOver

// Relearn is the scheduled pass over all rules, which was due at due; zero: never before. It
// learns what has its moment by now, and returns ErrUnfinished if that is not all of it: it is
// to be called again then. It skips what was learned since due, so that a pass that was
// interrupted continues where it ended.
func (k *Keeper) Relearn(ctx context.Context, due time.Time) error {
	p := k.scheduled
	if p == nil || !p.due.Equal(due) {
		var err error
		if p, err = k.newPass(ctx, due, due); err != nil {
			return err
		}
	}
	p.until = k.Now().Add(maxRun)
	k.scheduled = nil // a pass that fails is begun again: what it has learned is skipped
	err := p.run(ctx, func(rules.Rule) bool { return true })
	if err == nil && p.later {
		k.scheduled, err = p, ErrUnfinished
	}
	return err
}

// ErrUnfinished says that a scheduled pass has more to learn, later.
var ErrUnfinished = errors.New("the pass over all profiles is not finished")

// NeedsLearning reports whether the profiles of a rule were not all learned since
// it changed.
func (k *Keeper) NeedsLearning(r rules.Rule) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.learnedRules[r.Hash]
}

// pass is one pass under way.
type pass struct {
	*Keeper
	since      time.Time // what was learned since then is left
	due        time.Time // from when on it learns, each service at its moment; zero: all at once
	candidates []sources.Change
	bound      map[string]bool // bindings of a rule to a service that were resolved
	done       map[string]bool // names of profiles that were checked or learned
	stores     map[string]*storeResult
	failed     map[string]bool // by hash: rules of which not all was learned
	until      time.Time       // when it pauses; zero: never
	later      bool            // it has left something for later
}

// newPass begins a pass over what may change by now. It goes through the services in an order
// of its own, so that replicas which learn the same rules at once meet halfway.
func (k *Keeper) newPass(ctx context.Context, since, due time.Time) (*pass, error) {
	candidates, err := k.Candidates(ctx, k.Rules())
	rand.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
	return &pass{Keeper: k, since: since, due: due, candidates: candidates, bound: map[string]bool{}, done: map[string]bool{}, failed: map[string]bool{}}, err
}

// maxRun is how long a scheduled pass goes on without a pause, in which its lease is renewed.
const maxRun = 10 * time.Minute

// run learns the profiles of the selected rules that were not learned since a
// moment. It returns an error where a metric store answered nothing, or where the
// state database failed, because then another try may help. A single query that
// fails while others are answered would fail again: it is logged and counted only.
func (p *pass) run(ctx context.Context, selected func(rules.Rule) bool) error {
	p.passing.Lock()
	defer p.passing.Unlock()
	p.stores, p.later = map[string]*storeResult{}, false
	for _, r := range p.Rules() {
		if !selected(r) {
			continue
		}
		if !p.rule(ctx, r) {
			p.failed[r.Hash] = true
		}
		if !p.failed[r.Hash] && !p.later {
			p.mu.Lock()
			p.learnedRules[r.Hash] = true
			p.mu.Unlock()
		}
	}
	return errors.Join(p.unreachable(), ctx.Err())
}

// waits reports whether a binding is left for later.
func (p *pass) waits(binding string) bool {
	now := p.Now()
	wait := now.Before(momentOf(binding, p.due)) || !p.until.IsZero() && now.After(p.until)
	p.later = p.later || wait
	return wait
}

// storeResult counts how a metric store answered in a pass.
type storeResult struct {
	answered bool
	failures int // in a row
	fault    error
}

func (t *storeResult) note(err error) {
	if err == nil {
		t.answered, t.failures = true, 0
		return
	}
	t.failures, t.fault = t.failures+1, err
}

func (t *storeResult) unreachable() bool {
	return t.failures >= maxFailures || t.failures > 0 && !t.answered
}

// unreachable returns the errors of the stores that did not answer.
func (p *pass) unreachable() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(p.stores)) {
		if t := p.stores[name]; t.unreachable() {
			errs = append(errs, fmt.Errorf("metric store %s: %w", name, t.fault))
		}
	}
	return errors.Join(errs...)
}

// maxFailures is how many failures in a row end a pass over a store.
const maxFailures = 3

// rule learns the profiles of one rule, and reports whether none failed.
func (p *pass) rule(ctx context.Context, r rules.Rule) bool {
	store := cmp.Or(r.Store, p.DefaultStore)
	if p.stores[store] == nil {
		p.stores[store] = &storeResult{}
	}
	complete := true
	for _, c := range p.candidates {
		if ctx.Err() != nil || !p.wants(ctx, r, c) {
			continue
		}
		binding, err := p.bindingKey(ctx, r, c)
		if err != nil {
			p.Log.Warn("cannot see whether a service has a profile of its own; the next pass tries again", "rule", r.Name, "service", c.Service, "error", err)
			complete = false
			continue
		}
		if p.bound[binding] || p.waits(binding) {
			continue
		}
		p.bound[binding] = true
		if p.stores[store].failures >= maxFailures {
			return false
		}
		err = p.candidate(ctx, store, r, c)
		if p.stores[store].note(err); err != nil {
			complete = false
			p.Log.Debug("cannot learn the profiles of a rule for one service; the next pass tries again", "rule", r.Name, "service", c.Service, "error", err)
		}
	}
	return complete && ctx.Err() == nil
}

// wants reports whether the rule would watch a change. Labels are known only when
// the change comes, so the rule's labels are taken to match.
func (k *Keeper) wants(ctx context.Context, r rules.Rule, c sources.Change) bool {
	r.Watch.Labels = nil
	service := rules.Service{Name: c.Service}
	if r.Watch.Team != "" {
		service, _ = k.Catalogue.Service(ctx, c.Service, k.Now()) // unknown: no owner, and not watched
	}
	return r.Watches(c, service)
}

// futureVersion stands for the version of a change that has not come yet.
const futureVersion = "version-to-come"

// candidate learns the profiles of one rule for one service.
func (p *pass) candidate(ctx context.Context, store string, r rules.Rule, c sources.Change) error {
	service, err := p.Catalogue.Service(ctx, c.Service, p.Now())
	if err != nil {
		return err
	}
	ranger, err := p.metricStore(store)
	if err != nil {
		return err
	}
	c.Version = futureVersion
	b, now := rules.Bind(r, c, service), p.Now().Add(-ranger.Latency())
	var first error
	for _, at := range resolveTimes(b, now) {
		var plan detector.Plan
		var inputs []watch.Input
		err := p.inTurn(ctx, func() (err error) {
			plan, inputs, err = gather.Resolve(ctx, ranger, store, b, at)
			return err
		})
		if err != nil {
			return err
		}
		for i, in := range inputs {
			if !plan.Signals[i].Learns() {
				continue
			}
			first = cmp.Or(first, p.refresh(ctx, Request{
				plan: plan.On(plan.Signals[i]), signal: plan.Signals[i], input: in,
				span: b.Rule().History, end: now, rollout: b.Rule().Rollout, service: c.Service, environment: c.Environment,
			}))
		}
	}
	return first
}

// resolveTimes returns now and, where a rule leaves the bound of slow to the store,
// other times of the day: that bound is the edge of a bucket and follows the
// traffic, and each edge has a profile of its own.
func resolveTimes(b rules.Bound, now time.Time) []time.Time {
	for _, s := range b.Rule().Signals {
		if s.Slow == 0 && s.AnyOf[0].Histogram != "" {
			return []time.Time{now, now.Add(-8 * time.Hour), now.Add(-16 * time.Hour)}
		}
	}
	return []time.Time{now}
}

// refresh learns a profile unless the stored one is new enough. A query that names
// the version has a different history with each version, so nothing can be learned
// ahead.
func (p *pass) refresh(ctx context.Context, l Request) error {
	if dependsOnVersion(l.input) {
		return nil
	}
	l, err := p.choose(ctx, l)
	if err != nil || p.done[l.name] {
		return err
	}
	p.done[l.name] = true
	p.replaces(l)
	return p.learn(ctx, l, p.since)
}

func dependsOnVersion(in watch.Input) bool {
	return strings.Contains(in.Value.Expr, futureVersion) || strings.Contains(in.Part.Expr, futureVersion)
}
