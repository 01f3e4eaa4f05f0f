package engine

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

// A pass learns, before any change asks for it, what every rule would want to
// know of every service: of what is live in some slot, and of what the
// catalogue knows. It is slow on purpose, one lesson after the other, for the
// metric store has more to do than to serve us history.

// followRules makes a pass over the rules that changed, whenever they may have.
func (k *profileKeeper) followRules(ctx context.Context) {
	k.rulesEdited()
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.edited:
		case <-again:
		}
		again = nil
		// What is fresh stays; the schedule makes it anew.
		if err := k.pass(ctx, k.untaught, k.engine.Now().Add(-profileAge/2)); err != nil && ctx.Err() == nil {
			k.engine.Log.Warn("profiles of changed rules not learned; it will be tried again", "error", err)
			again = time.After(timesRetry)
		}
	}
}

// rulesEdited lets the profiles of changed rules be learned.
func (k *profileKeeper) rulesEdited() {
	select {
	case k.edited <- struct{}{}:
	default:
	}
}

// relearn is the scheduled pass: over all rules, but for what was learned
// since it was due. So a run that was cut short takes up where it ended.
func (k *profileKeeper) relearn(ctx context.Context, due time.Time) error {
	return k.pass(ctx, func(rules.Rule) bool { return true }, due)
}

func (k *profileKeeper) untaught(r rules.Rule) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.taught[r.Hash]
}

// pass learns the profiles of the rules that are wanted, where they were not
// learned since a moment. Its error is that of a metric store that answered
// nothing, or of ours: then it is worth another try. A query that fails where
// others are answered fails again; it is logged and counted, and that is all.
func (k *profileKeeper) pass(ctx context.Context, wanted func(rules.Rule) bool, since time.Time) error {
	k.passing.Lock()
	defer k.passing.Unlock()
	p := pass{profileKeeper: k, since: since, seen: map[string]bool{}, named: map[string]bool{}, stores: map[string]*storeTrial{}}
	all := k.engine.rules.set().Rules()
	subjects, err := k.engine.subjects(ctx, all)
	if err != nil {
		return err
	}
	for _, r := range all {
		if wanted(r) && p.rule(ctx, r, subjects) {
			k.mu.Lock()
			k.taught[r.Hash] = true
			k.mu.Unlock()
		}
	}
	return errors.Join(p.dead(), ctx.Err())
}

// pass is one pass under way.
type pass struct {
	*profileKeeper
	since  time.Time
	seen   map[string]bool // rules with services that were resolved
	named  map[string]bool // profiles that were looked after
	stores map[string]*storeTrial
}

// storeTrial is how a metric store did in a pass.
type storeTrial struct {
	answered bool
	failures int // in a row
	fault    error
}

func (t *storeTrial) note(err error) {
	if err == nil {
		t.answered, t.failures = true, 0
		return
	}
	t.failures, t.fault = t.failures+1, err
}

func (t *storeTrial) dead() bool {
	return t.failures >= givenUp || t.failures > 0 && !t.answered
}

// dead is the error of the stores that did not answer.
func (p *pass) dead() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(p.stores)) {
		if t := p.stores[name]; t.dead() {
			errs = append(errs, fmt.Errorf("metric store %s: %w", name, t.fault))
		}
	}
	return errors.Join(errs...)
}

// givenUp is how many failures in a row make a pass leave a store alone.
const givenUp = 3

// rule looks after the profiles of one rule, and says whether all is well.
func (p *pass) rule(ctx context.Context, r rules.Rule, subjects []sources.Change) bool {
	store := cmp.Or(r.Store, p.engine.World.Default)
	if p.stores[store] == nil {
		p.stores[store] = &storeTrial{}
	}
	well := true
	for _, c := range subjects {
		place := placeOf(r, c)
		if p.seen[place] || ctx.Err() != nil || !p.engine.wants(ctx, r, c) {
			continue
		}
		p.seen[place] = true
		if p.stores[store].failures >= givenUp {
			return false
		}
		err := p.subject(ctx, store, r, c)
		if p.stores[store].note(err); err != nil {
			well = false
			p.engine.Log.Debug("profiles not learned", "rule", r.Name, "service", c.Service, "error", err)
		}
	}
	return well && ctx.Err() == nil
}

// wants says whether the rule would watch a change. Labels come with a change
// that is still to come, and so count as there.
func (e *Engine) wants(ctx context.Context, r rules.Rule, c sources.Change) bool {
	r.Watch.Labels = nil
	service := rules.Service{Name: c.Service}
	if r.Watch.Team != "" {
		service, _ = e.catalogue.Service(ctx, c.Service, e.Now()) // unknown: no owner, and not watched
	}
	return r.Watches(c, service)
}

// placeOf names what one rule is bound to. A site has no services.
func placeOf(r rules.Rule, c sources.Change) string {
	if r.Site {
		c.Service = ""
	}
	return strings.Join([]string{r.Name, c.Service, c.Environment, c.Region}, "\x00")
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// aVersion stands for the version of a change that is still to come.
const aVersion = "version-to-come"

// subject looks after the profiles of one rule with one service.
func (p *pass) subject(ctx context.Context, store string, r rules.Rule, c sources.Change) error {
	service, err := p.engine.catalogue.Service(ctx, c.Service, p.engine.Now())
	if err != nil {
		return err
	}
	ranger, ok := p.engine.Metrics[store]
	if !ok {
		return fmt.Errorf("no metric store %q in pushback.yml", store)
	}
	c.Version = aVersion
	b, now := rules.Bind(r, c, service), p.engine.Now().Add(-latency(ranger))
	var first error
	for _, at := range momentsToResolve(b, now) {
		plan, inputs, err := gather.Resolve(ctx, ranger, store, b, at)
		if err != nil {
			return err
		}
		for i, in := range inputs {
			if !plan.Signals[i].Learns() {
				continue
			}
			first = firstError(first, p.lesson(ctx, lesson{
				name: profileName(plan.On(plan.Signals[i]), plan.Signals[i], in), plan: plan.On(plan.Signals[i]), signal: plan.Signals[i], input: in,
				span: b.Rule().History, end: now, service: c.Service, environment: c.Environment,
			}))
		}
	}
	return first
}

// momentsToResolve are now and, where a rule leaves the bound of slow to the
// store, other times of the day: the bound is a bucket's edge that follows
// the traffic, and each edge has a profile of its own.
func momentsToResolve(b rules.Bound, now time.Time) []time.Time {
	for _, s := range b.Rule().Signals {
		if s.Slow == 0 && s.AnyOf[0].Histogram != "" {
			return []time.Time{now, now.Add(-8 * time.Hour), now.Add(-16 * time.Hour)}
		}
	}
	return []time.Time{now}
}

// lesson learns unless what is there is new enough. A query that names the
// version has another past with each: there is nothing to learn ahead.
func (p *pass) lesson(ctx context.Context, l lesson) error {
	if p.named[l.name] || namesVersion(l.input) {
		return nil
	}
	p.named[l.name] = true
	_, _, learned, err := p.engine.Store.NewestProfile(ctx, l.name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && !learned.Before(p.since) {
		outdated, err := p.outdated(ctx, l, learned)
		if err != nil {
			return err
		}
		if !outdated {
			p.note(l.name, learned)
			return nil
		}
	}
	p.note(l.name, learned)
	return p.learn(ctx, l)
}

func namesVersion(in watch.Input) bool {
	return strings.Contains(in.Value.Expr, aVersion) || strings.Contains(in.Part.Expr, aVersion)
}

// note remembers when a profile was learned, for /metrics.
func (k *profileKeeper) note(name string, learned time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.wanted) >= namesKept {
		clear(k.wanted)
	}
	k.wanted[name] = learned
}

// namesKept bounds the memory of note.
const namesKept = 100_000

// ages are how many profiles rules want, how many of them were never learned,
// and the age of the oldest that was.
func (k *profileKeeper) ages() (wanted, missing int, oldest time.Duration) {
	now := k.engine.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, learned := range k.wanted {
		if learned.IsZero() {
			missing++
		} else {
			oldest = max(oldest, now.Sub(learned))
		}
	}
	return len(k.wanted), missing, oldest
}

// subjects are what changes may come to: what is live in some slot, and every
// service of the catalogue in the environments that rules name.
func (e *Engine) subjects(ctx context.Context, all []rules.Rule) ([]sources.Change, error) {
	live, err := e.Store.Live(ctx, e.Now().Add(-liveFor))
	if err != nil {
		return nil, fmt.Errorf("finding what is live: %w", err)
	}
	var subjects []sources.Change
	for _, c := range live {
		subjects = append(subjects, sources.Change{Service: c.Service, Environment: c.Environment, Region: c.Region, Kind: c.Kind})
	}
	services, err := e.catalogue.Names(ctx, e.Now())
	if err != nil {
		return nil, err
	}
	kinds := places(all)
	for _, environment := range slices.Sorted(maps.Keys(kinds)) {
		for _, s := range services {
			subjects = append(subjects, sources.Change{Service: s, Environment: environment, Kind: kinds[environment]})
		}
	}
	return subjects, nil
}

// liveFor is how long after its last change a service may still change.
const liveFor = 90 * 24 * time.Hour

// places are the environments that rules name, each with a kind of change that
// one of them watches there.
func places(all []rules.Rule) map[string]sources.Kind {
	places := map[string]sources.Kind{}
	for _, r := range all {
		kind := sources.Deploy
		if len(r.Watch.Kind) > 0 {
			kind = r.Watch.Kind[0]
		}
		if _, ok := places[r.Watch.Environment]; !ok || kind == sources.Deploy {
			places[r.Watch.Environment] = kind
		}
	}
	maps.DeleteFunc(places, func(glob string, _ sources.Kind) bool { return strings.ContainsAny(glob, `*?[\`) })
	return places
}
