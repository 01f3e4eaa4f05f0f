package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/secret"
)

// The kinds of database, as Dialect returns them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// ErrNotFound is wrapped by the error of every read of a row that does not exist.
var ErrNotFound = errors.New("not found")

// ErrConflict is for callers whose compare-and-swap failed and who cannot go on,
// because the row has changed since they read it.
var ErrConflict = errors.New("it has changed in the meantime")

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect string
	write   *sql.DB      // SQLite: the one connection that writes
	read    *sql.DB      // SQLite: several that only read; PostgreSQL: write itself
	release func() error // releases the file lock, or closes the pools

	// reserved are connections for intake and planning, so that these do not queue behind
	// the looks of thousands of watches. On SQLite they only read.
	reserved *sql.DB
	writes   writeQueue // SQLite
	tails    tails

	migrated Migrated // what Open has done to the tables
	private  bool     // a copy that nobody else knows of: it is not copied before it is migrated

	holder string // names this run in the rows that it holds; set by Join

	intake  chan *pendingEvent
	closing chan struct{} // closed by Close: no event is accepted any more
	drained chan struct{} // closed when the last group is committed
	once    sync.Once
}

// Open opens the store at url, creating and migrating it as needed:
//
//	sqlite:/var/lib/pushback/pushback.db   the directory is created 0700, the file 0600
//	postgres://user@host/pushback          whatever pgx understands
//
// A SQLite file is locked until Close; a second process gets an error. No error
// contains the URL's password.
func Open(ctx context.Context, url string) (*Store, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	var s *Store
	var err error
	switch scheme {
	case "sqlite":
		s, err = openSQLite(rest)
	case "postgres", "postgresql":
		s, err = openPostgres(ctx, url, nil)
	default:
		err = errors.New("unknown kind of database: write sqlite:/path/file.db or postgres://user@host/name")
	}
	if err != nil {
		return nil, hidePassword(fmt.Errorf("open store: %w", err), url)
	}
	if err := s.prepare(ctx); err != nil {
		if s.dialect == SQLite {
			err = explain(err, rest)
		}
		return nil, hidePassword(errors.Join(fmt.Errorf("open store: %w", err), s.closeDatabase()), url)
	}
	s.startIntake()
	return s, nil
}

// hiddenError is an error whose text does not contain the database's password.
type hiddenError struct {
	text  string
	cause error
}

func hidePassword(err error, url string) error {
	if err == nil {
		return nil
	}
	return &hiddenError{secret.Redact(err.Error(), secret.PasswordsOf(url)...), err}
}

// Error is the text without the password.
func (e *hiddenError) Error() string { return e.text }

// Unwrap returns the cause, by which a missing file is recognized.
func (e *hiddenError) Unwrap() error { return e.cause }

func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if s.dialect == SQLite {
		return s.clearLeases(ctx)
	}
	return nil
}

// Close commits the events that Accept has taken, then closes the database. It
// may be called twice.
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
	err := errors.Join(s.reserved.Close(), s.write.Close())
	if s.read != s.write {
		err = errors.Join(s.read.Close(), err)
	}
	return errors.Join(err, s.release())
}

// Reserved is the store with reads that queue behind no look, for planning.
func (s *Store) Reserved() *Store {
	return &Store{dialect: s.dialect, write: s.write, read: s.reserved}
}

// Ping checks that the database answers, on SQLite over the connection that
// writes.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.write.PingContext(ctx); err != nil {
		return fmt.Errorf("ping store: %w", err)
	}
	return nil
}

// DB returns the connections that write. On SQLite this is one connection: an open
// transaction on it blocks every other writer, and a call of a writing Store method
// within such a transaction never returns.
func (s *Store) DB() *sql.DB { return s.write }

// Dialect returns SQLite or Postgres.
func (s *Store) Dialect() string { return s.dialect }

// Shared says whether other processes may use the same database now.
func (s *Store) Shared() bool { return s.dialect == Postgres }

// Now returns the time that leases are compared with: the database's on
// PostgreSQL, so that replicas agree, and this process's on SQLite.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	if s.dialect == SQLite {
		return time.Now().UTC(), nil
	}
	var us int64
	err := s.read.QueryRowContext(ctx, `SELECT `+postgresClock).Scan(&us)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the database for the time: %w", err)
	}
	return fromMicros(us), nil
}
