package store

import (
	"context"
	"database/sql"
	"time"
)

// EveryService stands for all services of a rule.
const EveryService = "*"

// Trust is how far a person lets one way of judging go with one service.
type Trust struct {
	RuleHash string
	Service  string // EveryService for all
	Rule     string
	Mode     string // observe, ask or act
	Taken    bool   // it was taken back, and has to be earned by what comes after
	Actor    string
	Why      string
	At       time.Time
}

// PutTrust notes the trust together with its entry in the journal.
func (s *Store) PutTrust(ctx context.Context, t Trust, e Entry) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO trust (rule_hash, service, rule, mode, taken, actor, why, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (rule_hash, service) DO UPDATE SET mode = excluded.mode, taken = excluded.taken, actor = excluded.actor, why = excluded.why, at = excluded.at`,
			t.RuleHash, t.Service, t.Rule, t.Mode, t.Taken, t.Actor, t.Why, micros(t.At))
		if err != nil {
			return err
		}
		return appendEntries(ctx, tx, e)
	})
	return failed(err, "note how far rule %s may go", t.Rule)
}

// TrustOf lists how far a way of judging may go, by service.
func (s *Store) TrustOf(ctx context.Context, ruleHash string) ([]Trust, error) {
	scan := func(r row) (Trust, error) {
		t := Trust{RuleHash: ruleHash}
		var at int64
		err := r.Scan(&t.Service, &t.Rule, &t.Mode, &t.Taken, &t.Actor, &t.Why, &at)
		t.At = fromMicros(at)
		return t, err
	}
	all, err := collect(ctx, s.read, scan, `
		SELECT service, rule, mode, taken, actor, why, at FROM trust WHERE rule_hash = $1 ORDER BY service`, ruleHash)
	return all, failed(err, "read how far a rule may go")
}

// Backtest is what a replay of the past said of a way of judging.
type Backtest struct {
	RuleHash    string
	Rule        string
	Mode        string // how far its figure lets it go within its budget
	Judged      int    // moments without a change that were judged
	FalseAlarms int    // of these
	Why         string
	Actor       string
	At          time.Time
}

// PutBacktest keeps the newest figure of a way of judging.
func (s *Store) PutBacktest(ctx context.Context, b Backtest) error {
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO backtests (rule_hash, rule, mode, judged, false_alarms, why, actor, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (rule_hash) DO UPDATE SET mode = excluded.mode, judged = excluded.judged,
			false_alarms = excluded.false_alarms, why = excluded.why, actor = excluded.actor, at = excluded.at`,
		b.RuleHash, b.Rule, b.Mode, b.Judged, b.FalseAlarms, b.Why, b.Actor, micros(b.At))
	return failed(err, "keep the backtest of rule %s", b.Rule)
}

// BacktestOf gives the newest figure of a way of judging, or ErrNotFound.
func (s *Store) BacktestOf(ctx context.Context, ruleHash string) (Backtest, error) {
	b := Backtest{RuleHash: ruleHash}
	var at int64
	err := s.read.QueryRowContext(ctx, `
		SELECT rule, mode, judged, false_alarms, why, actor, at FROM backtests WHERE rule_hash = $1`, ruleHash).
		Scan(&b.Rule, &b.Mode, &b.Judged, &b.FalseAlarms, &b.Why, &b.Actor, &at)
	b.At = fromMicros(at)
	return b, failed(err, "read the backtest of a rule")
}
