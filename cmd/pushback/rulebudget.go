package main

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/engine"
	"github.com/pushback/pushback/internal/server/api"
)

const (
	weekSeconds    = 7 * 24 * 3600
	quarterSeconds = 13 * weekSeconds
)

// Budget says what a rule may cost, and what follows from it.
func (r ruleTrust) Budget(ctx context.Context, rule string) (api.RuleBudget, error) {
	b, err := r.engine.BudgetOf(ctx, rule)
	if err != nil {
		return api.RuleBudget{}, err
	}
	a := api.RuleBudget{
		Rule: b.Rule.Name, Team: b.Rule.Team, Place: fmt.Sprintf("%s:%d", b.Rule.File, b.Rule.Line), Hash: b.Rule.Hash,
		FalsePages: b.Rule.Budget.FalsePages * weekSeconds, FalseRollbacks: b.Rule.Budget.FalseRollbacks * quarterSeconds,
		Thresholds: api.RuleLevels(b.Thresholds), Defaults: api.RuleLevels(detector.DefaultThresholds), Power: []api.RulePower{},
	}
	if b.Pace > 0 {
		watched, pages, rollbacks := b.Pace*weekSeconds, b.Thresholds.Likely*b.Pace*weekSeconds, b.Thresholds.Certain*b.Pace*quarterSeconds
		a.Watched, a.MostPages, a.MostRollbacks = &watched, &pages, &rollbacks
	}
	for _, p := range b.Power {
		a.Power = append(a.Power, power(p))
	}
	return a, nil
}

func power(p engine.Power) api.RulePower {
	return api.RulePower{
		Service: p.Service, Signal: p.Signal, Unit: p.Unit, Likely: p.Likely, DefaultLikely: p.UsualLikely, Certain: p.Certain, DefaultCertain: p.UsualCertain,
	}
}
