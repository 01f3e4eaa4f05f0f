package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is the key of PostgreSQL's advisory lock that makes replicas
// which start together migrate one after the other. Any number that nothing else
// in the database uses would do; this one is the bytes of "pushback".
const migrationLock = 0x7075736862616b63

// migrate brings Pushback's tables to this version, and makes the journal append-only. It refuses
// a database that a newer version has migrated, which goose would accept: what that version
// stores, this one may read wrongly.
func (s *Store) migrate(ctx context.Context) (err error) {
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := s.migrateTables(ctx); err != nil {
		return err
	}
	return s.seal(ctx)
}

func (s *Store) lockMigrations(ctx context.Context) (unlock func() error, err error) {
	if s.dialect == SQLite {
		return func() error { return nil }, nil
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for other replicas: %w", err), conn.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
		return errors.Join(err, conn.Close())
	}, nil
}

// goMigrations are the migrations that SQL cannot express. They use no statement of
// the rest of the package: those follow the newest tables, and a migration has those
// of its time.
func goMigrations() []*goose.Migration {
	return []*goose.Migration{
		goose.NewGoMigration(11, &goose.GoFunc{RunTx: slotsByGroup}, &goose.GoFunc{RunTx: slotsByKind}),
		goose.NewGoMigration(13, &goose.GoFunc{RunTx: markNamedProfiles}, nil),
		goose.NewGoMigration(31, &goose.GoFunc{RunTx: addSearch}, &goose.GoFunc{RunTx: removeSearch}),
	}
}

// tableMigrations are the migrations of Pushback's own tables.
func (s *Store) tableMigrations() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	if s.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	return goose.NewProvider(dialect, s.write, files, goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goMigrations()...))
}

func (s *Store) migrateTables(ctx context.Context) error {
	provider, err := s.tableMigrations()
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	has, knows, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("ask for the schema: %w", err)
	}
	if has > knows {
		return &NewerSchema{Has: has, Knows: knows}
	}
	if err := s.copyBefore(ctx, has, knows); err != nil {
		return fmt.Errorf("keep a copy of the database before it is migrated from schema %d to %d: %w", has, knows, err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate tables: %w", err)
	}
	return nil
}
