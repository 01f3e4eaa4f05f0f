package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
)

// oldestSchema is the schema of the first version to whose schema a database can be taken back.
const oldestSchema = 23

// Migrated is what Open has done to the tables of a database. The zero value: nothing.
type Migrated struct {
	From, To int64
	Copy     string // the file as it was before; "" on PostgreSQL
}

// Migrated returns what Open has done to the tables; false for nothing.
func (s *Store) Migrated() (Migrated, bool) { return s.migrated, s.migrated.To != 0 }

// NewerSchema refuses a database that a newer version of Pushback has migrated.
type NewerSchema struct{ Has, Knows int64 }

// Error says what to do.
func (e *NewerSchema) Error() string {
	return fmt.Sprintf("the database has schema %d, of a newer Pushback, and this one knows schemas up to %d\n  hint: start the newer Pushback; "+
		"or let it take the database back, with everything in it: pushback downgrade --to %d; or restore the copy that it made before it migrated: pushback restore DATABASE.schema-%d",
		e.Has, e.Knows, e.Knows, e.Knows)
}

// checkSchema refuses to read tables that are not of this version.
func (s *Store) checkSchema(ctx context.Context) error {
	migrations, err := s.tableMigrations()
	if err != nil {
		return err
	}
	all := migrations.ListSources()
	knows, has := all[len(all)-1].Version, int64(0)
	err = s.read.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&has)
	switch {
	case err != nil:
		return fmt.Errorf("it has no tables of Pushback: start the daemon once, which makes them: %w", err)
	case has > knows:
		return &NewerSchema{Has: has, Knows: knows}
	case has < knows:
		return fmt.Errorf("the database has schema %d, of an older Pushback, and this one reads schema %d: start the daemon once, which migrates it", has, knows)
	}
	return nil
}

// copyBefore keeps a copy of a SQLite file as it is before a migration, and notes what is done. A
// copy of the same schema that is there already is of an earlier attempt, and is replaced.
// PostgreSQL's tools make such a copy, see docs/upgrade.md.
func (s *Store) copyBefore(ctx context.Context, has, knows int64) error {
	if has <= 0 || has == knows || s.private {
		return nil
	}
	s.migrated = Migrated{From: has, To: knows}
	if s.dialect != SQLite {
		return nil
	}
	var path string
	if err := s.write.QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		return err
	}
	s.migrated.Copy = fmt.Sprintf("%s.schema-%d", path, has)
	return writeWhole(s.migrated.Copy, true, func(partial string) error {
		return copySQLite(ctx, path, partial, func(string, int64, int64) {})
	})
}

// Downgrade takes the tables of a database back to the schema of an older version, with
// everything that is in them, and returns the schema that it had. Nobody may use the database
// meanwhile. A SQLite file is copied first, as before a migration.
func Downgrade(ctx context.Context, url string, to int64) (from int64, copied string, err error) {
	s, err := Open(ctx, url)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = hidePassword(errors.Join(err, s.Close()), url) }()
	if err := s.alone(ctx); err != nil {
		return 0, "", err
	}
	migrations, err := s.tableMigrations()
	if err != nil {
		return 0, "", err
	}
	from, err = migrations.GetDBVersion(ctx)
	switch {
	case err != nil:
		return 0, "", err
	case to < oldestSchema || to > from:
		return from, "", fmt.Errorf("the database cannot be taken to schema %d: it has schema %d, and can be taken back to %d at the least", to, from, oldestSchema)
	}
	if err := s.copyBefore(ctx, from, to); err != nil {
		return from, "", err
	}
	return from, s.migrated.Copy, s.down(ctx, migrations, to)
}

func (s *Store) down(ctx context.Context, migrations *goose.Provider, to int64) (err error) {
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := migrations.DownTo(ctx, to); err != nil {
		return fmt.Errorf("take the tables back to schema %d: %w", to, err)
	}
	return nil
}

// alone refuses a database that a running replica uses. SQLite's file lock has done so already.
func (s *Store) alone(ctx context.Context) error {
	if !s.Shared() {
		return nil
	}
	all, err := s.Replicas(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Alive {
			return fmt.Errorf("replica %s uses the database: stop every replica, and try again after %s", r.Name, ReplicaLease)
		}
	}
	return nil
}
