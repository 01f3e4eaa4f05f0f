package store

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/watch"
)

// Plan is what begins with a change: its watches, none where no rule watches it, and
// its first reports.
type Plan struct {
	Change  Change
	Watches []watch.Watch
	Reports []Report
}

// UnplannedPage is a part of the changes whose watches are not stored yet. The zero
// page is the one before the first.
type UnplannedPage struct {
	Changes    []Change
	Unreadable []error // one for every change whose row cannot be read, so that the others do not wait for it
	Last       bool

	startedAt int64 // with key, the place of the page's last change
	key       string
}

// UnplannedChanges returns the page after the given one: up to limit changes, oldest
// first.
func (s *Store) UnplannedChanges(ctx context.Context, after UnplannedPage, limit int) (UnplannedPage, error) {
	page := UnplannedPage{startedAt: after.startedAt, key: after.key}
	rows, err := collect(ctx, s.read, page.scan, `
		SELECT `+changeColumns+`, started_at FROM changes
		WHERE NOT planned AND started_at >= $1 AND (started_at > $1 OR key > $2) ORDER BY started_at, key LIMIT $3`,
		after.startedAt, after.key, limit)
	if err != nil {
		return UnplannedPage{}, wrap(err, "list unplanned changes")
	}
	page.Last = len(rows) < limit
	return page, nil
}

// scan adds a row to the page.
func (p *UnplannedPage) scan(r row) (struct{}, error) {
	c, body, err := scanColumns(r, &p.startedAt)
	if err != nil {
		return struct{}{}, err
	}
	p.key = c.Key
	if err := decode(body, &c.Change); err != nil {
		p.Unreadable = append(p.Unreadable, fmt.Errorf("read change %s: %w", c.Key, err))
		return struct{}{}, nil
	}
	p.Changes = append(p.Changes, c)
	return struct{}{}, nil
}

// PlanChanges stores plans in one transaction, and returns those that it stored. It
// leaves out a change that is planned already, and on PostgreSQL one whose row another
// transaction has locked: intake, or another replica that plans. So it waits for no lock,
// and transactions that lock rows in another order cannot deadlock with it. locked is how
// many it left out for that.
func (s *Store) PlanChanges(ctx context.Context, plans []Plan) (stored []Plan, locked int, err error) {
	err = s.inGroupTx(ctx, func(tx groupTx) error {
		mine, found, err := s.lockUnplanned(ctx, tx, plans)
		if err != nil {
			return err
		}
		stored, locked = nil, len(plans)-found
		for _, p := range plans {
			if mine[p.Change.Key] {
				stored = append(stored, p)
			}
		}
		return storePlans(ctx, tx, stored)
	})
	if err != nil {
		return nil, 0, wrap(err, "plan watches of %d changes", len(plans))
	}
	return stored, locked, nil
}

// lockUnplanned locks the changes of the plans, as far as no other transaction has. It
// returns those that are not planned yet, and how many it found.
func (s *Store) lockUnplanned(ctx context.Context, tx groupTx, plans []Plan) (mine map[string]bool, found int, err error) {
	query := `SELECT changes.key, changes.planned FROM wanted CROSS JOIN changes WHERE changes.key = wanted.key`
	if s.dialect == Postgres {
		query += ` FOR UPDATE OF changes SKIP LOCKED` // SQLite has one writer, and no row locks
	}
	mine = map[string]bool{}
	err = tx.send(ctx, keysOf(plans).as("key", query, func(r row) error {
		var key string
		var planned bool
		err := r.Scan(&key, &planned)
		mine[key] = !planned
		found++
		return err
	}))
	return mine, found, wrap(err, "lock unplanned changes")
}

func keysOf(plans []Plan) (keys rows) {
	for _, p := range plans {
		keys.add(p.Change.Key)
	}
	return keys
}

// storePlans marks the changes as planned, and inserts their watches and reports.
func storePlans(ctx context.Context, tx groupTx, plans []Plan) error {
	var ws []watch.Watch
	services := map[string]string{}
	for _, p := range plans {
		services[p.Change.Key] = p.Change.Service
		ws = append(ws, p.Watches...)
	}
	inserted, err := insertWatches(services, ws)
	if err != nil {
		return err
	}
	var states rows
	for _, p := range plans {
		state, grade := stateOfPlan(p.Watches)
		states.add(p.Change.Key, state, int64(grade))
	}
	planned := states.as("key, state, grade", `UPDATE changes SET planned = TRUE, state = wanted.state, grade = wanted.grade FROM wanted WHERE changes.key = wanted.key`, nil)
	if err := tx.send(ctx, append(planned, inserted...)); err != nil {
		return fmt.Errorf("mark as planned and insert watches: %w", err)
	}
	for _, p := range plans {
		for _, r := range p.Reports {
			if err := putReport(ctx, tx, r); err != nil {
				return err
			}
		}
	}
	return nil
}
