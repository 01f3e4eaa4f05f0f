package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// addSearch adds what changes are searched by: the kind, what the watches come to, and the words of
// each change, and fills it for those that are stored already.
//
// See adr/0132.
func addSearch(ctx context.Context, tx *sql.Tx) error {
	if err := runAll(ctx, tx,
		`ALTER TABLE changes ADD COLUMN kind TEXT NOT NULL DEFAULT ''`,
		`ALTER TABLE changes ADD COLUMN state TEXT NOT NULL DEFAULT ''`,
		`ALTER TABLE changes ADD COLUMN grade BIGINT NOT NULL DEFAULT 0`,
		`ALTER TABLE changes ADD COLUMN words TEXT NOT NULL DEFAULT ''`,
	); err != nil {
		return err
	}
	if err := fillSearch(ctx, tx); err != nil {
		return err
	}
	return runAll(ctx, tx,
		`CREATE INDEX changes_by_state ON changes (state, started_at)`,
		`CREATE INDEX changes_by_kind ON changes (kind, started_at) WHERE kind <> 'deploy'`,
	)
}

// removeSearch undoes addSearch.
func removeSearch(ctx context.Context, tx *sql.Tx) error {
	return runAll(ctx, tx,
		`DROP INDEX changes_by_kind`, `DROP INDEX changes_by_state`,
		`ALTER TABLE changes DROP COLUMN words`, `ALTER TABLE changes DROP COLUMN grade`,
		`ALTER TABLE changes DROP COLUMN state`, `ALTER TABLE changes DROP COLUMN kind`,
	)
}

func runAll(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// unsearched is a change as the migration reads it.
type unsearched struct {
	key, body string
	planned   bool
}

func scanUnsearched(r row) (c unsearched, err error) {
	err = r.Scan(&c.key, &c.planned, &c.body)
	return c, err
}

// fillSearch fills the new columns of all changes, some at a time.
func fillSearch(ctx context.Context, tx *sql.Tx) error {
	for after := ""; ; {
		page, err := collect(ctx, tx, scanUnsearched, `SELECT key, planned, body FROM changes WHERE key > $1 ORDER BY key LIMIT $2`, after, migratedAtOnce)
		if err != nil || len(page) == 0 {
			return wrap(err, "read changes")
		}
		watches, err := watchesOfPage(ctx, tx, page)
		if err != nil {
			return err
		}
		for _, c := range page {
			if err := fillOne(ctx, tx, c, watches[c.key]); err != nil {
				return fmt.Errorf("fill change %s: %w", c.key, err)
			}
		}
		after = page[len(page)-1].key
	}
}

func watchesOfPage(ctx context.Context, tx *sql.Tx, page []unsearched) (map[string][]watch.Watch, error) {
	keys := make([]string, len(page))
	for i, c := range page {
		keys[i] = c.key
	}
	byChange := map[string][]watch.Watch{}
	marks, args := oneOf(keys)
	bodies, err := collect(ctx, tx, scanText, `SELECT body FROM watches WHERE change_key IN `+marks, args...)
	for _, body := range bodies {
		var w watch.Watch
		if decode(body, &w) == nil { // one that cannot be read has no state to show, and must not keep the daemon from starting
			byChange[w.ChangeKey] = append(byChange[w.ChangeKey], w)
		}
	}
	return byChange, wrap(err, "read watches")
}

func fillOne(ctx context.Context, tx *sql.Tx, stored unsearched, watches []watch.Watch) error {
	var c sources.Change
	if err := decode(stored.body, &c); err != nil {
		c = sources.Change{} // as for a watch: it is not found by words, and the rest of the database is migrated
	}
	state, grade := watch.Fold(watches)
	switch {
	case state == "" && stored.planned:
		state = "unwatched"
	case state == "":
		state = watch.Waiting
	}
	words := strings.ToLower(strings.Join(append([]string{c.Service, c.Group, c.Version, c.Actor}, c.Riders...), "\n"))
	_, err := tx.ExecContext(ctx, `UPDATE changes SET kind = $2, state = $3, grade = $4, words = $5 WHERE key = $1`, stored.key, string(c.Kind), string(state), int64(grade), words)
	return err
}
