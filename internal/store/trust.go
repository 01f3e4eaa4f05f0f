package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/pushback/pushback/sources"
)

// EveryService means all services of a rule.
const EveryService = sources.EveryService

// Trust is the mode that a rule may use with one service, as a person set it. It
// belongs to the rule's hash: a rule that judges otherwise has another hash, and
// earns its own.
type Trust struct {
	RuleHash string
	Service  string // EveryService for all
	Rule     string
	Mode     string // observe, ask or act
	Revoked  bool   // the mode was lowered; only outcomes after At count towards the next step
	Actor    string
	Why      string
	At       time.Time
}

// PutTrust stores the trust together with its journal entry.
func (s *Store) PutTrust(ctx context.Context, t Trust, e Entry) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO trust (rule_hash, service, rule, mode, taken, actor, why, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (rule_hash, service) DO UPDATE SET mode = excluded.mode, taken = excluded.taken, actor = excluded.actor, why = excluded.why, at = excluded.at`,
			t.RuleHash, t.Service, t.Rule, t.Mode, t.Revoked, t.Actor, t.Why, micros(t.At))
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, e)
	})
	return wrap(err, "store the trust of rule %s", t.Rule)
}

// TrustOf lists the trust of a rule hash, by service.
func (s *Store) TrustOf(ctx context.Context, ruleHash string) ([]Trust, error) {
	scan := func(r row) (Trust, error) {
		t := Trust{RuleHash: ruleHash}
		var at int64
		err := r.Scan(&t.Service, &t.Rule, &t.Mode, &t.Revoked, &t.Actor, &t.Why, &at)
		t.At = fromMicros(at)
		return t, err
	}
	all, err := collect(ctx, s.read, scan, `
		SELECT service, rule, mode, taken, actor, why, at FROM trust WHERE rule_hash = $1 ORDER BY service`, ruleHash)
	return all, wrap(err, "read the trust of a rule")
}

// Backtest is the result of judging moments of the past with a rule.
type Backtest struct {
	RuleHash    string
	Rule        string
	Mode        string // the highest mode that its false alarms allow within the rule's budget
	Judged      int    // how many moments without a change were judged
	FalseAlarms int    // how many of them raised an alarm
	Why         string
	Actor       string
	At          time.Time
}

// PutBacktest stores the newest backtest of a rule hash, in place of the last.
func (s *Store) PutBacktest(ctx context.Context, b Backtest) error {
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO backtests (rule_hash, rule, mode, judged, false_alarms, why, actor, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (rule_hash) DO UPDATE SET mode = excluded.mode, judged = excluded.judged,
			false_alarms = excluded.false_alarms, why = excluded.why, actor = excluded.actor, at = excluded.at`,
		b.RuleHash, b.Rule, b.Mode, b.Judged, b.FalseAlarms, b.Why, b.Actor, micros(b.At))
	return wrap(err, "store the backtest of rule %s", b.Rule)
}

// BacktestOf returns the newest backtest of a rule hash, or ErrNotFound.
func (s *Store) BacktestOf(ctx context.Context, ruleHash string) (Backtest, error) {
	b := Backtest{RuleHash: ruleHash}
	var at int64
	err := s.read.QueryRowContext(ctx, `
		SELECT rule, mode, judged, false_alarms, why, actor, at FROM backtests WHERE rule_hash = $1`, ruleHash).
		Scan(&b.Rule, &b.Mode, &b.Judged, &b.FalseAlarms, &b.Why, &b.Actor, &at)
	b.At = fromMicros(at)
	return b, wrap(err, "read the backtest of a rule")
}
