package store

import "testing"

func TestUnnamedMarks(t *testing.T) {
	f := func(query, want string) {
		t.Helper()
		if got := unnamed(query); got != want {
			t.Errorf("%q became %q, want %q", query, got, want)
		}
	}
	f(`SELECT 1`, `SELECT 1`)
	f(`VALUES ($1, CAST($2 AS BIGINT)), ($3, '')`, `VALUES (?, CAST(? AS BIGINT)), (?, '')`)
	f(`($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	f(`$1, $1`, `$1, $1`) // one value, twice
	f(`$2, $1`, `$2, $1`)
	f(`$1, $20`, `$1, $20`)
	f(`$10`, `$10`)
}
