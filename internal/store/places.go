package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/rollback"
)

// OrderFilter selects orders. A zero field selects all.
type OrderFilter struct {
	States  []rollback.State
	Service string
	Before  time.Time // CreatedAt before this: the page after one that ended there
	Limit   int       // 0: 50
}

// FindOrders lists orders, newest first.
func (s *Store) FindOrders(ctx context.Context, f OrderFilter) ([]rollback.Order, error) {
	var c conditions
	c.add("created_at < ", beforeOrNow(f.Before))
	c.addUnlessEmpty("service = ", f.Service)
	if len(f.States) > 0 {
		c.addOneOf("state", f.States)
	}
	query := selectOrder + c.where() + ` ORDER BY created_at DESC, key LIMIT ` + c.mark(limitOr(f.Limit))
	found, err := collect(ctx, s.read, scanOrder, query, c.args...)
	return found, wrap(err, "list orders")
}

// addOneOf adds the condition that a column has one of these values.
func (c *conditions) addOneOf(column string, values []rollback.State) {
	marks := make([]string, len(values))
	for i, value := range values {
		marks[i] = c.mark(value)
	}
	c.all = append(c.all, column+" IN ("+strings.Join(marks, ", ")+")")
}

func limitOr(limit int) int {
	if limit <= 0 {
		return 50
	}
	return limit
}

// beforeOrNow is an upper bound that is always there, so that the query goes by the index of its time.
func beforeOrNow(t time.Time) int64 {
	return ChangeFilter{Before: t}.before()
}

// PastHolds lists holds that are not in force at a moment, those that were set last first. Before, unless
// zero, is when the last one of the page before was set.
func (s *Store) PastHolds(ctx context.Context, now, before time.Time, limit int) ([]Hold, error) {
	hs, err := collect(ctx, s.read, scanHold, selectHold+`
		WHERE held_at < $1 AND (released_at > 0 OR held_until > 0 AND held_until <= $2) ORDER BY held_at DESC, id DESC LIMIT $3`,
		beforeOrNow(before), micros(now), limitOr(limit))
	return hs, wrap(err, "list past holds")
}

// ChangesBetween lists the changes of a service in an environment, "" for all, that began between two
// moments, newest first.
func (s *Store) ChangesBetween(ctx context.Context, service, environment string, from, to time.Time, limit int) ([]Change, error) {
	var c conditions
	c.add("started_at >= ", micros(from))
	c.add("started_at <= ", micros(to))
	c.addUnlessEmpty("service = ", service)
	c.addUnlessEmpty(environmentBeside(service), environment)
	query := selectChange + c.where() + ` ORDER BY started_at DESC, sequence DESC LIMIT ` + c.mark(limitOr(limit))
	found, err := collect(ctx, s.read, scanChange, query, c.args...)
	return found, wrap(err, "list the changes of a time")
}

// LastFires lists the watches in which a rule of this hash was likely or certain of harm, newest first.
func (s *Store) LastFires(ctx context.Context, ruleHash string, limit int) ([]Outcome, error) {
	scan := func(r row) (o Outcome, err error) {
		var ended int64
		err = r.Scan(&o.WatchID, &o.ChangeKey, &o.Rule, &o.RuleHash, &o.Service, &ended, &o.Fired, &o.Clean, &o.Saved, &o.FalseAlarm)
		o.EndedAt = fromMicros(ended)
		return o, err
	}
	all, err := collect(ctx, s.read, scan, `
		SELECT watch_id, change_key, rule, rule_hash, service, ended_at, fired, clean, saved, false_alarm FROM outcomes
		WHERE rule_hash = $1 AND fired ORDER BY ended_at DESC LIMIT $2`, ruleHash, limitOr(limit))
	return all, wrap(err, "read the last fires of a rule")
}

// LastSent returns when a message to each receiver was last delivered, of those that have got one.
func (s *Store) LastSent(ctx context.Context, receivers []string) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	for _, receiver := range slices.Compact(slices.Sorted(slices.Values(receivers))) {
		at, err := collect(ctx, s.read, scanMicros, `SELECT sent_at FROM outgoing
			WHERE receiver = $1 AND state = 'sent' AND created_at >= 0 ORDER BY created_at DESC LIMIT 1`, receiver)
		if err != nil {
			return nil, wrap(err, "read when %s last got a message", receiver)
		}
		if len(at) > 0 {
			last[receiver] = at[0]
		}
	}
	return last, nil
}
