package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pushback/pushback/internal/backtest"
	"github.com/pushback/pushback/internal/server/api"
)

// record sends the scores to the daemon. It leaves out a score without judged
// placebos, because that measures no false alarms.
func (b backtestCommand) record(ctx context.Context, scores []backtest.Score) error {
	c, err := serverFlags{Server: b.Server, TokenFile: b.TokenFile}.client()
	if err != nil {
		return err
	}
	for _, s := range scores {
		if s.Placebos.Judged == 0 {
			continue
		}
		err := c.call(ctx, http.MethodPost, "/v1/rules/"+pathSegment(s.Rule)+"/backtest", api.RuleBacktest{
			Hash: s.Hash, Mode: s.Earned.String(), Judged: s.Placebos.Judged, FalseAlarms: s.Placebos.Alarmed,
			Why: s.Why, Actor: deciderFlags{}.actor(),
		}, nil)
		if err != nil {
			return fmt.Errorf("recording the backtest of rule %s: %w", s.Rule, err)
		}
	}
	return nil
}
