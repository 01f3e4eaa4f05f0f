package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// statement is one that is sent with others: with one round trip to PostgreSQL for all.
type statement struct {
	text string
	args []any
	scan func(row) error // of each row; nil: it returns none
}

// groupTx is a transaction that sends many statements together.
type groupTx struct {
	executor
	send func(ctx context.Context, all []statement) error
}

// inGroupTx runs do in a transaction for intake, which waits for no look.
func (s *Store) inGroupTx(ctx context.Context, do func(groupTx) error) error {
	if s.dialect == SQLite {
		return s.transactFirst(ctx, func(tx *sql.Tx) error {
			return do(groupTx{tx, func(ctx context.Context, all []statement) error { return runEach(ctx, tx, all) }})
		})
	}
	conn, err := s.reserved.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	return transactOn(ctx, conn, func(tx *sql.Tx) error {
		return do(groupTx{tx, func(ctx context.Context, all []statement) error { return sendBatch(ctx, conn, all) }})
	})
}

// runEach runs one statement after the other.
func runEach(ctx context.Context, tx executor, all []statement) error {
	for _, s := range all {
		if s.scan == nil {
			if _, err := tx.ExecContext(ctx, s.text, s.args...); err != nil {
				return err
			}
			continue
		}
		if err := eachRow(ctx, tx, s.scan, s.text, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// sendBatch sends the statements to PostgreSQL together, in the transaction that is open on
// the connection.
func sendBatch(ctx context.Context, conn *sql.Conn, all []statement) error {
	var batch pgx.Batch
	for _, s := range all {
		q := batch.Queue(s.text, s.args...)
		if s.scan != nil {
			q.Query(func(rows pgx.Rows) error {
				for rows.Next() {
					if err := s.scan(rows); err != nil {
						return err
					}
				}
				return rows.Err()
			})
		}
	}
	return conn.Raw(func(driver any) error {
		return driver.(*stdlib.Conn).Conn().SendBatch(ctx, &batch).Close()
	})
}

// rows are the values of a statement for many rows. A statement has 64, 16, 4 or one of
// them, so that few texts serve all groups and stay prepared.
type rows struct {
	all [][]any
}

var rowsAtOnce = []int{64, 16, 4, 1}

// literal is a value that is written into the statement.
type literal string

func (r *rows) add(values ...any) { r.all = append(r.all, values) }

// statements are those that the rows need. Before and after the rows stands what head and
// tail say.
func (r rows) statements(head, tail string, scan func(row) error) (all []statement) {
	rest := r.all
	for _, n := range rowsAtOnce {
		for len(rest) >= n {
			all = append(all, statement{text: manyRows(head, tail, rest[0], n), args: argsOf(rest[:n]), scan: scan})
			rest = rest[n:]
		}
	}
	return all
}

// as are the statements that select from the rows as from a table called wanted.
func (r rows) as(columns, query string, scan func(row) error) []statement {
	return r.statements("WITH wanted ("+columns+") AS (VALUES ", ") "+query, scan)
}

func argsOf(rows [][]any) (args []any) {
	for _, row := range rows {
		for _, value := range row {
			if _, is := value.(literal); !is {
				args = append(args, value)
			}
		}
	}
	return args
}

// texts are the statements that manyRows has written. There are few: one for each kind of
// statement and number of rows.
var texts sync.Map

type textKey struct {
	head, tail string
	rows       int
}

// manyRows writes a statement for n rows like the given one.
func manyRows(head, tail string, like []any, n int) string {
	key := textKey{head, tail, n}
	if text, ok := texts.Load(key); ok {
		return text.(string)
	}
	var b strings.Builder
	b.WriteString(head)
	mark := 0
	for i := range n {
		for j, value := range like {
			b.WriteString(separator(i, j))
			if text, is := value.(literal); is {
				b.WriteString(string(text))
				continue
			}
			mark++
			b.WriteString(typedMark(value, mark))
		}
		b.WriteString(")")
	}
	b.WriteString(tail)
	texts.Store(key, b.String())
	return b.String()
}

// separator is what stands before value j of row i.
func separator(i, j int) string {
	switch {
	case j > 0:
		return ", "
	case i > 0:
		return ", ("
	}
	return "("
}

// typedMark is what stands for a value. The type is written beside a number, because
// PostgreSQL takes a mark in a VALUES list that belongs to no table for text.
func typedMark(value any, n int) string {
	mark := "$" + strconv.Itoa(n)
	if _, number := value.(int64); number {
		return "CAST(" + mark + " AS BIGINT)"
	}
	return mark
}
