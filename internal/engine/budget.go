package engine

import (
	"context"
	"errors"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// paceOver is over how long the pace of a rule is measured, and paceNeeded how
// long it must have watched for that to say anything.
const (
	paceOver   = 28 * 24 * time.Hour
	paceNeeded = 7 * 24 * time.Hour
)

// Pace is how many changes a second a rule watches, measured over the last
// weeks; 0 where it has not watched for a week. Its thresholds are then the
// defaults, whichever the budget: they keep that of one false rollback a
// quarter up to some forty changes a week.
func Pace(ctx context.Context, st *store.Store, rule string, now time.Time) (float64, error) {
	n, first, err := st.WatchedSince(ctx, rule, now.Add(-paceOver))
	if err != nil || n == 0 {
		return 0, err
	}
	span := now.Sub(first)
	if span < paceNeeded {
		return 0, nil
	}
	return float64(n) / span.Seconds(), nil
}

// thresholds follow from what the rule may cost and how many changes it
// watches. What cannot be measured leaves the defaults.
func (e *Engine) thresholds(ctx context.Context, r rules.Rule) detector.Thresholds {
	pace, err := Pace(ctx, e.Store, r.Name, e.Now())
	if err != nil {
		e.Log.Warn("how many changes a rule watches", "rule", r.Name, "error", err)
	}
	return r.Budget.Thresholds(pace)
}

// RuleBudget is what a rule may cost, what follows from it, and what that
// costs in power.
type RuleBudget struct {
	Rule       rules.Rule
	Pace       float64 // watches a second; 0: not known yet
	Thresholds detector.Thresholds
	Power      []Power
	Backtest   *store.Backtest // nil: never replayed
}

// Power is the smallest shift of one signal of one service that is found: of a
// scan, where it lasts ten ticks, by its kept profile.
type Power struct {
	Service, Signal, Unit string
	Likely, UsualLikely   float64 // at the rule's threshold, and at the default
	Certain, UsualCertain float64
}

// BudgetOf says what a rule in force may cost and what follows from it.
func (e *Engine) BudgetOf(ctx context.Context, name string) (RuleBudget, error) {
	r, err := e.ruleCalled(name)
	if err != nil {
		return RuleBudget{}, err
	}
	b := RuleBudget{Rule: r}
	if b.Pace, err = Pace(ctx, e.Store, r.Name, e.Now()); err != nil {
		return b, err
	}
	b.Thresholds = r.Budget.Thresholds(b.Pace)
	if b.Backtest, err = e.backtestOf(ctx, r.Hash); err != nil {
		return b, err
	}
	b.Power, err = e.powers(ctx, r, b.Thresholds)
	return b, err
}

// powerOf is how many of the newest watches are looked at for their profiles.
const powerOf = 50

// powers are those of every service among the rule's newest watches.
func (e *Engine) powers(ctx context.Context, r rules.Rule, at detector.Thresholds) ([]Power, error) {
	newest, err := e.Store.LastOutcomes(ctx, r.Hash, powerOf)
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
		powers, err := e.powersAfter(ctx, o, at)
		if err != nil {
			return nil, err
		}
		all = append(all, powers...)
	}
	return all, nil
}

// powersAfter are those of one watch that came to an end; none where it has
// gone since.
func (e *Engine) powersAfter(ctx context.Context, o store.Outcome, at detector.Thresholds) ([]Power, error) {
	ws, err := e.Store.WatchesOf(ctx, o.ChangeKey)
	if err != nil {
		return nil, err
	}
	for _, w := range ws {
		if w.ID == o.WatchID {
			return e.powersOf(ctx, w, o.Service, at)
		}
	}
	return nil, nil
}

// powersOf are those of the signals that a watch judged: by their profile,
// and where no scan was learned by what was seen.
func (e *Engine) powersOf(ctx context.Context, w watch.Watch, service string, at detector.Thresholds) ([]Power, error) {
	last, err := e.Store.LastRecord(ctx, w.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	var all []Power
	for _, seen := range last.Verdict.Signals {
		detectable := seen.Detectable
		if k, err := e.profiles.Read(ctx, w.Profiles[seen.Signal]); err == nil && k.Detectable(at.Likely) > 0 {
			detectable = k.Detectable
		}
		usual := detector.DefaultThresholds
		p := Power{
			Service: service, Signal: seen.Signal, Unit: seen.Unit, Likely: detectable(at.Likely), UsualLikely: detectable(usual.Likely),
			Certain: detectable(at.Certain), UsualCertain: detectable(usual.Certain),
		}
		if p.Likely > 0 {
			all = append(all, p)
		}
	}
	return all, nil
}
