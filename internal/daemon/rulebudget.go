package daemon

import (
	"context"
	"fmt"
	"math"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/trust"
)

const (
	weekSeconds    = 7 * 24 * 3600
	quarterSeconds = 13 * weekSeconds
)

// Budget is a rule's budget of false alarms, with the thresholds that follow.
func (r ruleTrust) Budget(ctx context.Context, rule string) (api.RuleBudget, error) {
	b, err := r.keeper.BudgetOf(ctx, rule)
	if err != nil {
		return api.RuleBudget{}, err
	}
	a := api.RuleBudget{
		Rule: b.Rule.Name, Team: b.Rule.Team, Place: fmt.Sprintf("%s:%d", b.Rule.File, b.Rule.Line), Hash: b.Rule.Hash, Text: b.Rule.Text,
		FalsePages: times(b.Rule.Budget.FalsePages, weekSeconds), FalseRollbacks: times(b.Rule.Budget.FalseRollbacks, quarterSeconds),
		Thresholds: api.RuleLevels(b.Thresholds), Defaults: api.RuleLevels(detector.DefaultThresholds), Power: []api.RulePower{},
	}
	if b.Pace > 0 {
		watched := times(b.Pace, weekSeconds)
		pages, rollbacks := times(b.Thresholds.Likely*b.Pace, weekSeconds), times(b.Thresholds.Certain*b.Pace, quarterSeconds)
		a.Watched, a.MostPages, a.MostRollbacks = &watched, &pages, &rollbacks
	}
	a.Backtest = apiBacktest(b.Backtest)
	for _, p := range b.Power {
		a.Power = append(a.Power, apiPower(p))
	}
	return a, nil
}

func apiPower(p trust.Power) api.RulePower {
	return api.RulePower{
		Service: p.Service, Signal: p.Signal, Unit: p.Unit, Likely: p.Likely, DefaultLikely: p.DefaultLikely, Certain: p.Certain, DefaultCertain: p.DefaultCertain,
	}
}

// times is how often something happens in a period. It is rounded to a millionth, so
// that 1/quarter is not shown as 0.9999999999999999.
func times(perSecond, seconds float64) float64 { return math.Round(perSecond*seconds*1e6) / 1e6 }
