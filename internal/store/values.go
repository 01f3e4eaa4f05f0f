package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// conditions are those of a WHERE clause that differ from call to call. A filter that is
// not set has no condition, because the planner cannot use an index for "$1 = ” OR
// service = $1".
type conditions struct {
	all  []string
	args []any
}

// add adds a condition: what stands before a value, such as "service = ".
func (c *conditions) add(before string, value any) {
	c.all = append(c.all, before+c.mark(value))
}

func (c *conditions) addUnlessEmpty(before, value string) {
	if value != "" {
		c.add(before, value)
	}
}

// mark is what stands for a value outside the conditions.
func (c *conditions) mark(value any) string {
	c.args = append(c.args, value)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *conditions) where() string { return "WHERE " + strings.Join(c.all, " AND ") }

// oneOf is a list of marks for an IN, with what they stand for.
func oneOf[T any](all []T) (marks string, args []any) {
	for _, one := range all {
		args = append(args, one)
	}
	return "(" + placeholders(1, len(args)) + ")", args
}

// sqliteTx is a transaction on SQLite. It writes the marks of a statement as ? where that
// means the same: SQLite takes $1 for a name, and looks every name up among all others,
// which for a group of events takes as long as all the rest.
type sqliteTx struct{ *sql.Tx }

func (t sqliteTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(ctx, sqliteText(query), args...) //nolint:gosec // the query's text is ours
}

func (t sqliteTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.Tx.QueryContext(ctx, sqliteText(query), args...) //nolint:gosec // the query's text is ours
}

// sqliteText is unnamed, which works once for each of the few statements of groups.
func sqliteText(query string) string {
	if text, ok := sqliteTexts.Load(query); ok {
		return text.(string)
	}
	text := unnamed(query)
	sqliteTexts.Store(query, text)
	return text
}

// unnamed writes every mark of a statement as ?, if they are $1, $2 and so on in this
// order, each once.
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
