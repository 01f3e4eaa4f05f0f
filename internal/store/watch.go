package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/watch"
)

// PlanChange stores the watches of a change and marks it as planned. Repeating
// it changes nothing: watches that are stored stay as they are.
func (s *Store) PlanChange(ctx context.Context, changeKey string, ws []watch.Watch) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		var service string
		err := tx.QueryRowContext(ctx, `UPDATE changes SET planned = TRUE, state = CASE WHEN planned THEN state ELSE $2 END WHERE key = $1 RETURNING service`, changeKey, Unwatched).Scan(&service)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := storeWatches(ctx, tx, changeKey, service, ws...); err != nil {
			return err
		}
		return s.noteState(ctx, tx, changeKey)
	})
	return wrap(err, "plan watches of change %s", changeKey)
}

// storeWatches stores the watches of a change that are not stored yet.
func storeWatches(ctx context.Context, tx *sql.Tx, changeKey, service string, ws ...watch.Watch) error {
	inserted, err := insertWatches(map[string]string{changeKey: service}, ws)
	if err != nil {
		return err
	}
	return runEach(ctx, tx, inserted)
}

// insertWatches are the statements that insert the watches that are not stored yet, with the
// services of their changes.
func insertWatches(services map[string]string, ws []watch.Watch) ([]statement, error) {
	var all rows
	for _, w := range ws {
		body, err := encode(w)
		if err != nil {
			return nil, err
		}
		all.add(w.ID, w.ChangeKey, services[w.ChangeKey], string(w.State), w.State.Open(), w.Revision, suspected(w), body, literal("''"), literal("0"))
	}
	return all.statements(`INSERT INTO watches (id, change_key, service, state, running, revision, suspected, body, holder, leased_until) VALUES `, ` ON CONFLICT (id) DO NOTHING`, nil), nil
}

func scanWatch(r row) (watch.Watch, error) {
	var w watch.Watch
	var body string
	if err := r.Scan(&body); err != nil {
		return w, err
	}
	return w, decode(body, &w)
}

// OpenWatchIDs lists the IDs of the watches that have not ended and whose services are in
// some shares; nil for all watches, from an index alone.
func (s *Store) OpenWatchIDs(ctx context.Context, shares []string) ([]string, error) {
	query, args := `SELECT id FROM watches WHERE running ORDER BY id`, []any(nil)
	if shares != nil {
		query, args = `SELECT id FROM watches WHERE running AND `+shareOfService+` IN (SELECT unnest(CAST($1 AS TEXT[]))) ORDER BY id`, []any{shares}
	}
	ids, err := collect(ctx, s.read, scanText, query, args...)
	return ids, wrap(err, "list open watches")
}

// WatchesByID reads some watches, in the order of their IDs.
func (s *Store) WatchesByID(ctx context.Context, ids []string) (ws []watch.Watch, err error) {
	for some := range slices.Chunk(ids, watchesAtOnce) {
		marks, args := oneOf(some)
		found, err := collect(ctx, s.read, scanWatch, `SELECT body FROM watches WHERE id IN `+marks+` ORDER BY id`, args...)
		if err != nil {
			return ws, wrap(err, "read %d watches", len(ids))
		}
		ws = append(ws, found...)
	}
	return ws, nil
}

// watchesAtOnce is how many watches a statement names.
const watchesAtOnce = 500

// CountOpenWatches counts the watches that have not ended.
func (s *Store) CountOpenWatches(ctx context.Context) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM watches WHERE running`).Scan(&n)
	return n, wrap(err, "count open watches")
}

// SuspectedWatches lists the watches that have not ended, are not about a rollback of
// ours, and suspect their change, or have ever found a regression likely. After an
// upgrade it may list others too, until their next look.
func (s *Store) SuspectedWatches(ctx context.Context) ([]watch.Watch, error) {
	ws, err := collect(ctx, s.read, scanWatch, `SELECT body FROM watches WHERE running AND suspected ORDER BY id`)
	return ws, wrap(err, "list suspected watches")
}

// suspected reports whether SuspectedWatches lists the watch while it is open.
func suspected(w watch.Watch) bool {
	return w.After.IsZero() && (w.Grade >= detector.Suspect || !w.LikelyAt.IsZero())
}

// WatchesOf lists the watches of a change, by rule.
func (s *Store) WatchesOf(ctx context.Context, changeKey string) ([]watch.Watch, error) {
	return watchesOf(ctx, s.read, changeKey)
}

// WatchesOfEach lists the watches of several changes, by change and rule.
func (s *Store) WatchesOfEach(ctx context.Context, changeKeys []string) (map[string][]watch.Watch, error) {
	byChange := map[string][]watch.Watch{}
	if len(changeKeys) == 0 {
		return byChange, nil
	}
	marks, args := oneOf(changeKeys)
	ws, err := collect(ctx, s.read, scanWatch, `SELECT body FROM watches WHERE change_key IN `+marks+` ORDER BY id`, args...)
	for _, w := range ws {
		byChange[w.ChangeKey] = append(byChange[w.ChangeKey], w)
	}
	return byChange, wrap(err, "list watches of %d changes", len(changeKeys))
}

func watchesOf(ctx context.Context, db executor, changeKey string) ([]watch.Watch, error) {
	ws, err := collect(ctx, db, scanWatch, `SELECT body FROM watches WHERE change_key = $1 ORDER BY id`, changeKey)
	return ws, wrap(err, "list watches of change %s", changeKey)
}
