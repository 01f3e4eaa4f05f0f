package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"github.com/pushback/pushback/sources"
)

// preparing is a connector that counts what its connections prepare and close.
type preparing struct {
	driver.Connector
	mu    sync.Mutex
	count map[string]int // of each text, how often it was prepared
	open  int            // statements that are prepared and not closed
}

func (p *preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	return preparingConn{conn.(fullConn), p}, err
}

type preparingConn struct {
	fullConn
	p *preparing
}

func (c preparingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.fullConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.p.count[query]++
	c.p.open++
	return preparedStmt{s.(fullStmt), c.p}, nil
}

type preparedStmt struct {
	fullStmt
	p *preparing
}

func (s preparedStmt) Close() error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.open--
	return s.fullStmt.Close()
}

// keeping opens a SQLite database with one connection that keeps its statements.
func keeping(t *testing.T) (*sql.DB, *preparing) {
	t.Helper()
	connector, err := sqlite.NewConnector("file:" + filepath.Join(t.TempDir(), "kept.db") + "?_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	p := &preparing{Connector: connector, count: map[string]int{}}
	db := sql.OpenDB(cachingConnector{p})
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	run(t, db, `CREATE TABLE numbers (n BIGINT PRIMARY KEY)`)
	return db, p
}

func run(t *testing.T, db executor, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

const insertNumber = `INSERT INTO numbers (n) VALUES ($1)`

func TestStatementsArePreparedOnce(t *testing.T) {
	db, p := keeping(t)
	for n := range 20 {
		run(t, db, insertNumber, n)
		var found int
		if err := db.QueryRowContext(t.Context(), `SELECT n FROM numbers WHERE n = $1`, n).Scan(&found); err != nil || found != n {
			t.Fatalf("%d, %v; want %d", found, err, n)
		}
	}
	for text, times := range p.count {
		if times != 1 {
			t.Errorf("prepared %d times: %s", times, text)
		}
	}
}

// TestAFailedStatementIsKept runs a statement again that has failed, and after the table
// has changed.
func TestAFailedStatementIsKept(t *testing.T) {
	db, p := keeping(t)
	run(t, db, insertNumber, 1)
	if _, err := db.ExecContext(t.Context(), insertNumber, 1); err == nil {
		t.Fatal("a number was inserted twice")
	}
	run(t, db, `ALTER TABLE numbers ADD COLUMN more TEXT NOT NULL DEFAULT 'some'`)
	run(t, db, insertNumber, 2)
	if p.count[unnamed(insertNumber)] != 1 {
		t.Errorf("prepared %d times", p.count[unnamed(insertNumber)])
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.ExecContext(cancelled, insertNumber, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled statement: %v", err)
	}
	run(t, db, insertNumber, 3)
}

// TestAQueryWithinItself reads with a text whose rows are being read on the same connection.
func TestAQueryWithinItself(t *testing.T) {
	db, _ := keeping(t)
	run(t, db, `INSERT INTO numbers (n) VALUES (1), (2), (3)`)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	var pairs []string
	numbers := func(each func(n int)) {
		_, err := collect(t.Context(), tx, func(r row) (n int, err error) {
			err = r.Scan(&n)
			each(n)
			return n, err
		}, `SELECT n FROM numbers ORDER BY n`)
		if err != nil {
			t.Fatal(err)
		}
	}
	numbers(func(a int) { numbers(func(b int) { pairs = append(pairs, fmt.Sprint(a, b)) }) })
	if got := fmt.Sprint(pairs); got != "[1 1 1 2 1 3 2 1 2 2 2 3 3 1 3 2 3 3]" {
		t.Error(got)
	}
}

// TestFewStatementsAreKept bounds what a connection keeps, and closes all of it: the last
// connection removes the log beside the file.
func TestFewStatementsAreKept(t *testing.T) {
	db, p := keeping(t)
	for n := range 2 * maxStatements {
		run(t, db, fmt.Sprintf(`INSERT INTO numbers (n) VALUES (%d)`, n))
	}
	if p.open != maxStatements {
		t.Errorf("%d statements are kept, want %d", p.open, maxStatements)
	}
	if err := db.Close(); err != nil || p.open != 0 {
		t.Errorf("%d statements are open after the connection was closed, %v", p.open, err)
	}
	path := openedFile(t)
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("the log is still there after Close: %v", err)
	}
}

// openedFile opens a store, and closes it.
func openedFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	accept(t, s, eventOf("c1", "v1", sources.Succeeded, 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSeveralStatementsInOneText runs them all, as migrations need.
func TestSeveralStatementsInOneText(t *testing.T) {
	db, _ := keeping(t)
	for range 2 {
		run(t, db, `DELETE FROM numbers; INSERT INTO numbers (n) VALUES (7)`)
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT n FROM numbers`).Scan(&n); err != nil || n != 7 {
			t.Fatalf("%d, %v", n, err)
		}
	}
}
