package store

import (
	"context"
	"database/sql"
	"time"
)

// Outcome is the result of one watch. Outcomes with the same rule hash belong to
// rules that judge alike, and are counted together.
type Outcome struct {
	WatchID    string
	ChangeKey  string
	Rule       string
	RuleHash   string
	Service    string
	EndedAt    time.Time
	Fired      bool // whether it reached likely or certain
	Clean      bool // whether it was judged and found healthy
	Saved      bool // whether the change was rolled back, and that helped
	FalseAlarm bool // whether a person called it a false alarm
	Missed     bool // whether a person says that the change was bad, and the watch did not find it
}

// PutOutcome stores an outcome. A flag that was set before stays set, because a
// person may call a watch a false alarm before it has ended. Once all that fired are
// false alarms, the change is cleared. A change that a watch missed is marked bad.
func (s *Store) PutOutcome(ctx context.Context, o Outcome) error {
	return s.transact(ctx, func(tx *sql.Tx) error { return putOutcome(ctx, tx, o) })
}

func putOutcome(ctx context.Context, db executor, o Outcome) error {
	_, err := db.ExecContext(ctx, `
		INSERT INTO outcomes (watch_id, change_key, rule, rule_hash, service, ended_at, fired, clean, saved, false_alarm, missed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (watch_id) DO UPDATE SET ended_at = excluded.ended_at,
			fired = (outcomes.fired OR excluded.fired), clean = (outcomes.clean OR excluded.clean),
			saved = (outcomes.saved OR excluded.saved), false_alarm = (outcomes.false_alarm OR excluded.false_alarm),
			missed = (outcomes.missed OR excluded.missed)`,
		o.WatchID, o.ChangeKey, o.Rule, o.RuleHash, o.Service, micros(o.EndedAt), o.Fired, o.Clean, o.Saved, o.FalseAlarm, o.Missed)
	if err == nil && o.FalseAlarm {
		err = clearFalseAlarm(ctx, db, o.ChangeKey)
	}
	if err == nil && o.Missed {
		err = setStanding(ctx, db, o.ChangeKey, Bad, "")
	}
	return wrap(err, "store the outcome of watch %s", o.WatchID)
}

// OutcomeCounts counts the outcomes of one rule hash with one service.
type OutcomeCounts struct {
	RuleHash, Service   string
	Ended               int
	Clean, Fired        int
	Saved, FalseAlarms  int
	Missed              int
	LastFire, LastFalse time.Time // zero: never
}

// OutcomeCounts counts the outcomes of a rule hash, by service.
func (s *Store) OutcomeCounts(ctx context.Context, ruleHash string) ([]OutcomeCounts, error) {
	scan := func(r row) (OutcomeCounts, error) {
		f := OutcomeCounts{RuleHash: ruleHash}
		var fire, wrong int64
		err := r.Scan(&f.Service, &f.Ended, &f.Clean, &f.Fired, &f.Saved, &f.FalseAlarms, &f.Missed, &fire, &wrong)
		f.LastFire, f.LastFalse = fromMicros(fire), fromMicros(wrong)
		return f, err
	}
	all, err := collect(ctx, s.read, scan, `
		SELECT service, COUNT(*), SUM(CASE WHEN clean THEN 1 ELSE 0 END), SUM(CASE WHEN fired THEN 1 ELSE 0 END),
			SUM(CASE WHEN saved THEN 1 ELSE 0 END), SUM(CASE WHEN false_alarm THEN 1 ELSE 0 END),
			SUM(CASE WHEN missed THEN 1 ELSE 0 END),
			MAX(CASE WHEN fired THEN ended_at ELSE 0 END), MAX(CASE WHEN false_alarm THEN ended_at ELSE 0 END)
		FROM outcomes WHERE rule_hash = $1 GROUP BY service ORDER BY service`, ruleHash)
	return all, wrap(err, "count the outcomes of a rule")
}

// CountFired counts how often a rule of this hash fired, in all services, and how often people called that a false alarm.
// It reads only what fired, by an index: messages ask it, and most watches end clean.
func (s *Store) CountFired(ctx context.Context, ruleHash string) (wrong, fired int, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT COALESCE(SUM(CASE WHEN false_alarm THEN 1 ELSE 0 END), 0), COUNT(*) FROM outcomes WHERE rule_hash = $1 AND fired`,
		ruleHash).Scan(&wrong, &fired)
	return wrong, fired, wrap(err, "count how often a rule fired")
}

// CountClean counts the clean watches of a rule hash with a service that ended
// after since, and that nobody called false alarms or says missed what was bad.
func (s *Store) CountClean(ctx context.Context, ruleHash, service string, since time.Time) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM outcomes
		WHERE rule_hash = $1 AND service = $2 AND ended_at > $3 AND clean AND NOT false_alarm AND NOT missed`,
		ruleHash, service, micros(since)).Scan(&n)
	return n, wrap(err, "count the clean watches of a rule")
}

// CountWatches counts the watches of a rule, whatever its hash was then, that
// ended at since or later, and returns when the first of them ended.
func (s *Store) CountWatches(ctx context.Context, rule string, since time.Time) (n int, first time.Time, err error) {
	var at int64
	err = s.read.QueryRowContext(ctx, `
		SELECT COUNT(*), COALESCE(MIN(ended_at), 0) FROM outcomes WHERE rule = $1 AND ended_at >= $2`, rule, micros(since)).Scan(&n, &at)
	return n, fromMicros(at), wrap(err, "count the watches of rule %s", rule)
}

// LastOutcomes lists the newest outcomes of a rule hash, newest first. It fills
// WatchID, ChangeKey, Rule, RuleHash, Service and EndedAt alone.
func (s *Store) LastOutcomes(ctx context.Context, ruleHash string, limit int) ([]Outcome, error) {
	scan := func(r row) (Outcome, error) {
		o := Outcome{RuleHash: ruleHash}
		var at int64
		err := r.Scan(&o.WatchID, &o.ChangeKey, &o.Rule, &o.Service, &at)
		o.EndedAt = fromMicros(at)
		return o, err
	}
	all, err := collect(ctx, s.read, scan, `
		SELECT watch_id, change_key, rule, service, ended_at FROM outcomes WHERE rule_hash = $1
		ORDER BY ended_at DESC LIMIT $2`, ruleHash, limit)
	return all, wrap(err, "list the newest outcomes of a rule")
}
