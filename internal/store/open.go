package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// The dialects a store speaks.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// ErrNotFound is wrapped by every look-up of something that is not there.
var ErrNotFound = errors.New("not found")

// ErrConflict is for callers whose compare-and-swap lost and who cannot go on:
// what they believed of a row is no longer so.
var ErrConflict = errors.New("it has moved on meanwhile")

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect string
	write   *sql.DB       // SQLite: the one connection that writes
	read    *sql.DB       // SQLite: several that only read; PostgreSQL: write itself
	pool    *pgxpool.Pool // nil on SQLite
	release func() error  // gives up the file lock, or the pool

	intake  chan *delivery
	closing chan struct{} // closed by Close: no delivery is taken any more
	drained chan struct{} // closed when the last group is committed
	once    sync.Once
}

// Open opens the store at url, creating and migrating it as needed, river's
// tables included:
//
//	sqlite:/var/lib/pushback/pushback.db   the directory is created 0700, the file 0600
//	postgres://user@host/pushback          whatever pgx understands
//
// A SQLite file is locked until Close; a second process gets an error that
// says so. No error holds the URL's password.
func Open(ctx context.Context, url string) (*Store, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	var s *Store
	var err error
	switch scheme {
	case "sqlite":
		s, err = openSQLite(rest)
	case "postgres", "postgresql":
		s, err = openPostgres(ctx, url)
	default:
		err = errors.New("unknown kind of database: write sqlite:/path/file.db or postgres://user@host/name")
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", err), s.closeDatabase())
	}
	s.startIntake()
	return s, nil
}

func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := s.seal(ctx); err != nil {
		return err
	}
	if s.dialect == SQLite {
		return s.voidLeases(ctx)
	}
	return nil
}

// Close commits what Accept has taken, then closes the database. It may be
// called twice.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closing)
		<-s.drained
		err = s.closeDatabase()
	})
	return err
}

func (s *Store) closeDatabase() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(s.read.Close(), err)
	}
	return errors.Join(err, s.release())
}

// Ping asks whether the database answers, and takes writes on SQLite's one
// writing connection.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.write.PingContext(ctx); err != nil {
		return fmt.Errorf("ping store: %w", err)
	}
	return nil
}

// DB is the connection river runs on. On SQLite it is the one connection that
// writes: a transaction held open on it holds every other writer up, and a
// call of a Store method within one waits for itself for ever.
func (s *Store) DB() *sql.DB { return s.write }

// Pool is the pool beneath DB on PostgreSQL, for riverpgxv5; nil on SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Dialect is SQLite or Postgres.
func (s *Store) Dialect() string { return s.dialect }

// Shared says whether other processes may be working on the same database at
// this moment.
func (s *Store) Shared() bool { return s.dialect == Postgres }

// Now is the clock that leases are held against: the database's on
// PostgreSQL, where replicas must agree on one, and our own on SQLite.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	if s.dialect == SQLite {
		return time.Now().UTC(), nil
	}
	var us int64
	err := s.read.QueryRowContext(ctx,
		`SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)`).Scan(&us)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the database for the time: %w", err)
	}
	return fromMicros(us), nil
}
