package server

import (
	"context"
	"fmt"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// oneRule is a Rules with a single rule. It has no more than these pages need.
type oneRule struct {
	Rules
	budget api.RuleBudget
}

func (o oneRule) Standings(context.Context) ([]api.RuleTrust, error) {
	return []api.RuleTrust{{Rule: o.budget.Rule, Service: "cart", Effective: "ask", Written: "act", Record: api.RuleRecord{Ended: 41, FalseAlarms: 2}, Backtest: &api.RuleBacktest{Judged: 500, FalseAlarms: 4}}}, nil
}

func (o oneRule) Budget(_ context.Context, rule string) (api.RuleBudget, error) {
	if rule != o.budget.Rule {
		return api.RuleBudget{}, fmt.Errorf("no rule in force is called %q: %w", rule, store.ErrNotFound)
	}
	return o.budget, nil
}

func TestRulePagesSayIt(t *testing.T) {
	watched, pages, rollbacks := 200.0, 1.0, 0.5
	b := api.RuleBudget{
		Rule: "red", Team: "shop", Place: "red.yml:3", FalsePages: 1, FalseRollbacks: 0.5, Watched: &watched, MostPages: &pages, MostRollbacks: &rollbacks,
		Thresholds: api.RuleLevels{Likely: 0.005, Certain: 0.00019}, Defaults: api.RuleLevels{Likely: 0.01, Certain: 0.002},
		Power: []api.RulePower{{Service: "cart", Signal: "errors", Unit: "fraction", Likely: 0.012, DefaultLikely: 0.01, Certain: 0.02, DefaultCertain: 0.015}},
	}
	p := listen(t, func(o *Options) { o.Rules = oneRule{budget: b} })
	p.show("/rules", 200, `<a href="/rules/red">red</a>`, "41", "ask", "0.8 % of 500")
	p.show("/rules/red", 200, "1 false page a week, 0.5 false rollbacks a quarter", "200 changes a week", "0.005", "0.00019",
		"at most 0.5 false rollbacks a quarter", "&#43;1.2 pp", "&#43;1.5 pp", "red.yml:3")
	p.show("/rules/blue", 404, "no rule in force is called &#34;blue&#34;")
	b.Watched, b.MostPages, b.MostRollbacks, b.Power = nil, nil, nil, nil
	p = listen(t, func(o *Options) { o.Rules = oneRule{budget: b} })
	p.show("/rules/red", 200, "not for a week yet", "Known once a watch")
}
