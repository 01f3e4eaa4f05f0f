package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// executor is a *sql.DB or a *sql.Tx.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row is a *sql.Row or one row of *sql.Rows.
type row interface{ Scan(dest ...any) error }

// micros returns the stored form of t: microseconds since 1970, 0 for the zero
// time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// decode unmarshals a JSON column into a pointer.
func decode(text string, into any) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("decode stored %T: %w", into, err)
	}
	return nil
}

func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode %T: %w", v, err)
	}
	return string(b), nil
}

// collect runs a query and scans every row of it.
func collect[T any](ctx context.Context, db executor, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := eachRow(ctx, db, func(r row) error {
		one, err := scan(r)
		all = append(all, one)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// eachRow gives every row of a query to do, until do fails.
func eachRow(ctx context.Context, db executor, do func(row) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanText scans a row of one text.
func scanText(r row) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

// affected runs a statement and says whether it changed a row. Every
// compare-and-swap uses it.
func affected(ctx context.Context, db executor, query string, args ...any) (bool, error) {
	result, err := db.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// transact runs do in one transaction, committed when it returns nil.
func (s *Store) transact(ctx context.Context, do func(tx *sql.Tx) error) error {
	if s.dialect == SQLite {
		return s.writes.run(ctx, s.write, false, do)
	}
	return transactOn(ctx, s.write, do)
}

// transactFirst is transact for intake and planning, which wait for no look.
func (s *Store) transactFirst(ctx context.Context, do func(tx *sql.Tx) error) error {
	if s.dialect == SQLite {
		return s.writes.run(ctx, s.write, true, do)
	}
	return transactOn(ctx, cmp.Or(s.reserved, s.write), do)
}

// beginner is a *sql.DB or a *sql.Conn.
type beginner interface {
	BeginTx(ctx context.Context, o *sql.TxOptions) (*sql.Tx, error)
}

func transactOn(ctx context.Context, db beginner, do func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := do(tx); err != nil {
		return errors.Join(err, ignoreTxDone(tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// ignoreTxDone drops the error of a rollback that database/sql has already done
// because the context was cancelled.
func ignoreTxDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// wrap adds to err what was being done, and turns "no rows" into ErrNotFound. It
// returns nil for nil.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

// placeholders returns "$first, $first+1, …" for n values.
func placeholders(first, n int) string {
	marks := make([]string, n)
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(first+i)
	}
	return strings.Join(marks, ", ")
}
