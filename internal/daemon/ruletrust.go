package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/rules"
)

// ruleTrust answers the API's requests about the trust in rules.
type ruleTrust struct{ keeper *trust.Keeper }

// Standings is the trust in every rule, for each service.
func (r ruleTrust) Standings(ctx context.Context) ([]api.RuleTrust, error) {
	found, err := r.keeper.Statuses(ctx)
	all := make([]api.RuleTrust, len(found))
	for i, s := range found {
		all[i] = apiTrust(s)
	}
	return all, err
}

// Promote raises the mode of a rule by one step that it has earned.
func (r ruleTrust) Promote(ctx context.Context, rule string, t api.TrustDecision) (api.RuleTrust, error) {
	s, err := r.keeper.Promote(ctx, rule, t.Service, t.Actor, t.Why)
	return apiTrust(s), err
}

// Demote lowers the mode of a rule; to observe unless t names a mode.
func (r ruleTrust) Demote(ctx context.Context, rule string, t api.TrustDecision) (api.RuleTrust, error) {
	to := rules.Observe
	if t.Mode != "" {
		if err := to.UnmarshalText([]byte(t.Mode)); err != nil {
			return api.RuleTrust{}, fmt.Errorf("%w: %w", err, store.ErrConflict)
		}
	}
	s, err := r.keeper.Demote(ctx, rule, t.Service, to, t.Actor, t.Why)
	return apiTrust(s), err
}

// NoteBacktest stores the result of a backtest.
func (r ruleTrust) NoteBacktest(ctx context.Context, rule string, b api.RuleBacktest) error {
	return r.keeper.NoteBacktest(ctx, store.Backtest{
		RuleHash: b.Hash, Rule: rule, Mode: b.Mode, Judged: b.Judged, FalseAlarms: b.FalseAlarms, Why: b.Why, Actor: b.Actor,
	})
}

// FalseAlarm records that rules fired for a change that was not bad.
func (r ruleTrust) FalseAlarm(ctx context.Context, changeKey string, f api.FalseAlarm) error {
	return r.keeper.FalseAlarm(ctx, changeKey, f.Rule, f.Actor, f.Why)
}

// Missed records that rules did not find a change that was bad.
func (r ruleTrust) Missed(ctx context.Context, changeKey string, m api.Missed) error {
	return r.keeper.Missed(ctx, changeKey, m.Rule, m.Actor, m.Why)
}

func apiTrust(s trust.Status) api.RuleTrust {
	a := api.RuleTrust{
		Rule: s.Rule.Name, Team: s.Rule.Team, Place: fmt.Sprintf("%s:%d", s.Rule.File, s.Rule.Line), Hash: s.Rule.Hash, Service: s.Service,
		Written: s.Written.String(), Given: s.Given.String(), Effective: s.Effective.String(), Proposed: s.Proposed, Why: s.Why,
		Record: apiRecord(s.Record),
	}
	if s.Next > s.Given {
		a.Next = s.Next.String()
	}
	a.Backtest = apiBacktest(s.Backtest)
	return a
}

func apiBacktest(b *store.Backtest) *api.RuleBacktest {
	if b == nil {
		return nil
	}
	return &api.RuleBacktest{Hash: b.RuleHash, Mode: b.Mode, Judged: b.Judged, FalseAlarms: b.FalseAlarms, Why: b.Why, Actor: b.Actor, At: b.At}
}

func apiRecord(f store.OutcomeCounts) api.RuleRecord {
	r := api.RuleRecord{Ended: f.Ended, Clean: f.Clean, Fired: f.Fired, Saves: f.Saved, FalseAlarms: f.FalseAlarms, Missed: f.Missed}
	if f.Ended > 0 {
		rate := float64(f.FalseAlarms) / float64(f.Ended)
		r.FalseRate = &rate
	}
	if !f.LastFire.IsZero() {
		at := f.LastFire.Truncate(time.Second)
		r.LastFire = &at
	}
	return r
}
