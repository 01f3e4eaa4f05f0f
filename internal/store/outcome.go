package store

import (
	"context"
	"time"
)

// Outcome is what came of one watch, for the record of its way of judging.
type Outcome struct {
	WatchID    string
	ChangeKey  string
	Rule       string
	RuleHash   string
	Service    string
	EndedAt    time.Time
	Fired      bool // it was likely or worse
	Clean      bool // it was judged, and all was well
	Saved      bool // what it found was rolled back, and that helped
	FalseAlarm bool // a person says that it fired for nothing
}

// PutOutcome adds to the record. What was noted of a watch before stays noted:
// a person may call it a false alarm before it has ended.
func (s *Store) PutOutcome(ctx context.Context, o Outcome) error { return putOutcome(ctx, s.write, o) }

func putOutcome(ctx context.Context, db executor, o Outcome) error {
	_, err := db.ExecContext(ctx, `
		INSERT INTO outcomes (watch_id, change_key, rule, rule_hash, service, ended_at, fired, clean, saved, false_alarm)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (watch_id) DO UPDATE SET ended_at = excluded.ended_at,
			fired = (outcomes.fired OR excluded.fired), clean = (outcomes.clean OR excluded.clean),
			saved = (outcomes.saved OR excluded.saved), false_alarm = (outcomes.false_alarm OR excluded.false_alarm)`,
		o.WatchID, o.ChangeKey, o.Rule, o.RuleHash, o.Service, micros(o.EndedAt), o.Fired, o.Clean, o.Saved, o.FalseAlarm)
	return failed(err, "note what came of watch %s", o.WatchID)
}

// Figures are the record of one way of judging with one service.
type Figures struct {
	RuleHash, Service   string
	Ended               int
	Clean, Fired        int
	Saved, FalseAlarms  int
	LastFire, LastFalse time.Time // zero: never
}

// FiguresOf gives the record of a way of judging, by service.
func (s *Store) FiguresOf(ctx context.Context, ruleHash string) ([]Figures, error) {
	scan := func(r row) (Figures, error) {
		f := Figures{RuleHash: ruleHash}
		var fire, wrong int64
		err := r.Scan(&f.Service, &f.Ended, &f.Clean, &f.Fired, &f.Saved, &f.FalseAlarms, &fire, &wrong)
		f.LastFire, f.LastFalse = fromMicros(fire), fromMicros(wrong)
		return f, err
	}
	all, err := collect(ctx, s.read, scan, `
		SELECT service, COUNT(*), SUM(CASE WHEN clean THEN 1 ELSE 0 END), SUM(CASE WHEN fired THEN 1 ELSE 0 END),
			SUM(CASE WHEN saved THEN 1 ELSE 0 END), SUM(CASE WHEN false_alarm THEN 1 ELSE 0 END),
			MAX(CASE WHEN fired THEN ended_at ELSE 0 END), MAX(CASE WHEN false_alarm THEN ended_at ELSE 0 END)
		FROM outcomes WHERE rule_hash = $1 GROUP BY service ORDER BY service`, ruleHash)
	return all, failed(err, "read the record of a rule")
}

// CleanSince counts the clean watches of a way of judging with a service that
// ended after a moment.
func (s *Store) CleanSince(ctx context.Context, ruleHash, service string, since time.Time) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM outcomes
		WHERE rule_hash = $1 AND service = $2 AND ended_at > $3 AND clean AND NOT false_alarm`,
		ruleHash, service, micros(since)).Scan(&n)
	return n, failed(err, "count clean changes")
}

// WatchedSince counts the watches of a rule, whichever way it judged, that
// ended since a moment, and says when the first of them did.
func (s *Store) WatchedSince(ctx context.Context, rule string, since time.Time) (n int, first time.Time, err error) {
	var at int64
	err = s.read.QueryRowContext(ctx, `
		SELECT COUNT(*), COALESCE(MIN(ended_at), 0) FROM outcomes WHERE rule = $1 AND ended_at >= $2`, rule, micros(since)).Scan(&n, &at)
	return n, fromMicros(at), failed(err, "count what rule %s watched", rule)
}

// LastOutcomes are the newest watches that came to an end under a way of
// judging, the newest first.
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
	return all, failed(err, "list the newest watches of a rule")
}
