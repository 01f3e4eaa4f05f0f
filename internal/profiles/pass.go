package profiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// A pass learns, before any change needs it, what every rule wants to know of
// every service: of what is live in some slot, and of what the catalogue knows.
// It learns one profile after the other, because the metric store has more to do
// than to serve history.

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
	return k.pass(ctx, k.NeedsLearning, k.Now().Add(-FreshFor/2))
}

// Relearn is the scheduled pass over all rules. It skips what was learned since
// due, so that a pass that was interrupted continues where it ended.
func (k *Keeper) Relearn(ctx context.Context, due time.Time) error {
	return k.pass(ctx, func(rules.Rule) bool { return true }, due)
}

// NeedsLearning reports whether the profiles of a rule were not all learned since
// it changed.
func (k *Keeper) NeedsLearning(r rules.Rule) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.learnedRules[r.Hash]
}

// pass learns the profiles of the selected rules that were not learned since a
// moment. It returns an error where a metric store answered nothing, or where the
// state database failed, because then another try may help. A single query that
// fails while others are answered would fail again: it is logged and counted only.
func (k *Keeper) pass(ctx context.Context, selected func(rules.Rule) bool, since time.Time) error {
	k.passing.Lock()
	defer k.passing.Unlock()
	p := pass{Keeper: k, since: since, bound: map[string]bool{}, done: map[string]bool{}, stores: map[string]*storeResult{}}
	all := k.Rules()
	candidates, err := k.Candidates(ctx, all)
	if err != nil {
		return err
	}
	for _, r := range all {
		if selected(r) && p.rule(ctx, r, candidates) {
			k.mu.Lock()
			k.learnedRules[r.Hash] = true
			k.mu.Unlock()
		}
	}
	return errors.Join(p.unreachable(), ctx.Err())
}

// pass is one pass under way.
type pass struct {
	*Keeper
	since  time.Time
	bound  map[string]bool // bindings of a rule to a service that were resolved
	done   map[string]bool // names of profiles that were checked or learned
	stores map[string]*storeResult
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
func (p *pass) rule(ctx context.Context, r rules.Rule, candidates []sources.Change) bool {
	store := cmp.Or(r.Store, p.DefaultStore)
	if p.stores[store] == nil {
		p.stores[store] = &storeResult{}
	}
	complete := true
	for _, c := range candidates {
		if ctx.Err() != nil || !p.wants(ctx, r, c) {
			continue
		}
		binding, err := p.bindingKey(ctx, r, c)
		if err != nil {
			p.Log.Warn("cannot see whether a service has a profile of its own; the next pass tries again", "rule", r.Name, "service", c.Service, "error", err)
			complete = false
			continue
		}
		if p.bound[binding] {
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
		plan, inputs, err := gather.Resolve(ctx, ranger, store, b, at)
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
	_, learned, err := p.Store.NewestProfile(ctx, l.name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && !learned.Before(p.since) {
		outdated, err := p.outdated(ctx, l, learned)
		if err != nil {
			return err
		}
		if !outdated {
			p.noteLearned(l.name, learned)
			return nil
		}
	}
	p.noteLearned(l.name, learned)
	return p.learn(ctx, l)
}

func dependsOnVersion(in watch.Input) bool {
	return strings.Contains(in.Value.Expr, futureVersion) || strings.Contains(in.Part.Expr, futureVersion)
}

// noteLearned remembers when a profile was learned, for /metrics.
func (k *Keeper) noteLearned(name string, learned time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.learnedAt) >= maxNames {
		clear(k.learnedAt)
	}
	k.learnedAt[name] = learned
}

// maxNames bounds the memory of noteLearned.
const maxNames = 100_000

// Ages returns how many profiles the rules want, how many of those were never
// learned, and the age of the oldest one.
func (k *Keeper) Ages() (wanted, missing int, oldest time.Duration) {
	now := k.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, learned := range k.learnedAt {
		if learned.IsZero() {
			missing++
		} else {
			oldest = max(oldest, now.Sub(learned))
		}
	}
	return len(k.learnedAt), missing, oldest
}
