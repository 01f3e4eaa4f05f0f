package trust

import (
	"context"
	"errors"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// The pace of a rule is measured over paceWindow, and only where the rule has
// watched for at least minPaceSpan.
const (
	paceWindow  = 28 * 24 * time.Hour
	minPaceSpan = 7 * 24 * time.Hour
)

// Counter counts the watches of a rule since a moment, and tells when the first of
// them ended.
type Counter interface {
	CountWatches(ctx context.Context, rule string, since time.Time) (n int, first time.Time, err error)
}

// Pace returns how many changes a second a rule watches, measured over the last four
// weeks, and 0 where it has not watched for a week. At 0 its thresholds are the
// defaults whatever its budget is: they keep one false rollback a quarter up to
// about forty changes a week.
func Pace(ctx context.Context, st Counter, rule string, now time.Time) (float64, error) {
	n, first, err := st.CountWatches(ctx, rule, now.Add(-paceWindow))
	if err != nil || n == 0 {
		return 0, err
	}
	span := now.Sub(first)
	if span < minPaceSpan {
		return 0, nil
	}
	return float64(n) / span.Seconds(), nil
}

// Thresholds returns the p-values that a rule's budget and pace allow. Where the
// pace cannot be read, they are the defaults.
func (k *Keeper) Thresholds(ctx context.Context, r rules.Rule) detector.Thresholds {
	pace, err := Pace(ctx, k.Store, r.Name, k.Now())
	if err != nil {
		k.Log.Warn("cannot count the changes a rule watches; using the default thresholds", "rule", r.Name, "error", err)
	}
	return r.Budget.Thresholds(pace)
}

// Budget is what false alarms a rule may cost, the thresholds that follow, and how
// small a shift is still found with them.
type Budget struct {
	Rule       rules.Rule
	Pace       float64 // watches a second; 0: not known yet
	Thresholds detector.Thresholds
	Power      []Power
	Backtest   *store.Backtest // nil: never replayed
}

// Power is the smallest shift of one signal of one service that is found, in the
// signal's unit. For a scan it is a shift of ten ticks, by the stored profile.
type Power struct {
	Service, Signal, Unit   string
	Likely, DefaultLikely   float64 // at the rule's threshold, and at the default
	Certain, DefaultCertain float64
}

// BudgetOf returns the budget of a rule in force. Its error wraps store.ErrNotFound
// where there is no such rule.
func (k *Keeper) BudgetOf(ctx context.Context, name string) (Budget, error) {
	r, err := k.ruleNamed(name)
	if err != nil {
		return Budget{}, err
	}
	b := Budget{Rule: r}
	if b.Pace, err = Pace(ctx, k.Store, r.Name, k.Now()); err != nil {
		return b, err
	}
	b.Thresholds = r.Budget.Thresholds(b.Pace)
	if b.Backtest, err = k.backtestOf(ctx, r.Hash); err != nil {
		return b, err
	}
	b.Power, err = k.powers(ctx, r, b.Thresholds)
	return b, err
}

// powerOf is how many of the newest watches are read for their profiles.
const powerOf = 50

// powers returns the power with every service among the rule's newest watches.
func (k *Keeper) powers(ctx context.Context, r rules.Rule, at detector.Thresholds) ([]Power, error) {
	newest, err := k.Store.LastOutcomes(ctx, r.Hash, powerOf)
	if err != nil {
		return nil, err
	}
	var all []Power
	seen := map[string]bool{}
	for _, o := range newest {
		if seen[o.Service] {
			continue
		}
		seen[o.Service] = true
		powers, err := k.powersAfter(ctx, o, at)
		if err != nil {
			return nil, err
		}
		all = append(all, powers...)
	}
	return all, nil
}

// powersAfter returns the power of one ended watch, none where it was pruned.
func (k *Keeper) powersAfter(ctx context.Context, o store.Outcome, at detector.Thresholds) ([]Power, error) {
	ws, err := k.Store.WatchesOf(ctx, o.ChangeKey)
	if err != nil {
		return nil, err
	}
	for _, w := range ws {
		if w.ID == o.WatchID {
			return k.powersOf(ctx, w, o.Service, at)
		}
	}
	return nil, nil
}

// powersOf returns the power of the signals that a watch judged: by their profile,
// and where no scan was learned by what the last look observed.
func (k *Keeper) powersOf(ctx context.Context, w watch.Watch, service string, at detector.Thresholds) ([]Power, error) {
	last, err := k.Store.LastRecord(ctx, w.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	var all []Power
	for _, e := range last.Verdict.Signals {
		detectable := e.Detectable
		if profile, err := k.ReadProfile(ctx, w.Profiles[e.Signal]); err == nil && profile.Detectable(at.Likely) > 0 {
			detectable = profile.Detectable
		}
		standard := detector.DefaultThresholds
		p := Power{
			Service: service, Signal: e.Signal, Unit: e.Unit, Likely: detectable(at.Likely), DefaultLikely: detectable(standard.Likely),
			Certain: detectable(at.Certain), DefaultCertain: detectable(standard.Certain),
		}
		if p.Likely > 0 {
			all = append(all, p)
		}
	}
	return all, nil
}
