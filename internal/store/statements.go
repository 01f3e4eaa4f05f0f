package store

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"
)

// SQLite parses and plans a statement each time that database/sql gets it as text, which
// takes longer than to run most of ours. So every connection to SQLite keeps its prepared
// statements by their text. pgx does the same on PostgreSQL.
//
// See adr/0098.
const (
	maxStatements    = 256      // that one connection keeps
	maxStatementText = 16 << 10 // of a statement that is kept: a longer one has a text that hardly comes again
)

// cachingConnector opens connections that keep their statements.
type cachingConnector struct{ driver.Connector }

func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(fullConn)
	if !ok {
		return nil, errors.Join(errors.New("the SQLite driver has lost a method"), conn.Close())
	}
	return &cachingConn{fullConn: full, byText: map[string]*list.Element{}}, nil
}

// fullConn is what the driver's connections can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// fullStmt is what its statements can do.
type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// cachingConn is a connection with its statements. database/sql uses a connection, and
// the rows that come from it, by one goroutine at a time.
type cachingConn struct {
	fullConn
	byText map[string]*list.Element // of *keptStmt
	recent list.List                // the statement that was used last is in front
}

// keptStmt is a statement that is prepared, and not in use.
type keptStmt struct {
	fullStmt
	text string
}

func (c *cachingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !keeps(query) {
		return c.fullConn.ExecContext(ctx, unnamed(query), args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	return result, errors.Join(err, c.giveBack(s))
}

func (c *cachingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !keeps(query) {
		return c.fullConn.QueryContext(ctx, unnamed(query), args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, c.giveBack(s))
	}
	return &keptRows{rows, func() error { return c.giveBack(s) }}, nil
}

// keeps reports whether the statement is kept. What has a semicolon may be several
// statements, which the driver prepares one after the other as it runs them.
func keeps(query string) bool {
	return len(query) <= maxStatementText && !strings.Contains(query, ";")
}

// take returns the statement for its caller alone: a second query of the same text, while
// the rows of the first are being read, prepares another.
func (c *cachingConn) take(ctx context.Context, query string) (*keptStmt, error) {
	if kept, ok := c.byText[query]; ok {
		return c.remove(kept), nil
	}
	s, err := c.PrepareContext(ctx, unnamed(query))
	if err != nil {
		return nil, err
	}
	full, ok := s.(fullStmt)
	if !ok {
		return nil, errors.Join(errors.New("the SQLite driver has lost a method"), s.Close())
	}
	return &keptStmt{full, query}, nil
}

func (c *cachingConn) remove(kept *list.Element) *keptStmt {
	s := c.recent.Remove(kept).(*keptStmt)
	delete(c.byText, s.text)
	return s
}

// giveBack keeps the statement, and closes the one that was not used for longest if there
// are too many.
func (c *cachingConn) giveBack(s *keptStmt) error {
	if _, twice := c.byText[s.text]; twice {
		return s.Close()
	}
	c.byText[s.text] = c.recent.PushFront(s)
	if c.recent.Len() <= maxStatements {
		return nil
	}
	return c.remove(c.recent.Back()).Close()
}

// Close closes the statements first: SQLite would keep the file open for them.
func (c *cachingConn) Close() (err error) {
	for c.recent.Len() > 0 {
		err = errors.Join(err, c.remove(c.recent.Back()).Close())
	}
	return errors.Join(err, c.fullConn.Close())
}

// keptRows gives its statement back when it is closed.
type keptRows struct {
	driver.Rows
	giveBack func() error
}

func (r *keptRows) Close() error { return errors.Join(r.Rows.Close(), r.giveBack()) }

// unnamed writes every mark of a statement as ?, if they are $1, $2 and so on in this
// order, each once. SQLite takes $1 for a name, and looks every name up among all others,
// which for the rows of a group of events takes as long as all the rest.
func unnamed(query string) string {
	var b strings.Builder
	n, rest := 0, query
	for {
		before, after, found := strings.Cut(rest, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		number := strconv.Itoa(n)
		if !strings.HasPrefix(after, number) || len(after) > len(number) && isDigit(after[len(number)]) {
			return query
		}
		b.WriteByte('?')
		rest = after[len(number):]
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
