package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// dumpSchema returns the tables and indexes of a SQLite database as the SQL that made them. goose's
// own table is left out, because its SQL differs between the databases.
func dumpSchema(t *testing.T, s *Store) string {
	t.Helper()
	all, err := collect(t.Context(), s.read, scanText, `
		SELECT sql FROM sqlite_schema WHERE type IN ('table', 'index') AND sql IS NOT NULL
		AND tbl_name NOT LIKE 'sqlite_%' AND tbl_name <> 'goose_db_version' ORDER BY type DESC, name`)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, ";\n") + ";\n"
}

// dumpRows returns every row of these tables as an INSERT that both databases take, but for
// binary values, which are written as SQLite has them.
func dumpRows(t *testing.T, s *Store, tables []string) string {
	t.Helper()
	var text strings.Builder
	for _, table := range tables {
		rows, err := insertsOf(t.Context(), s, table)
		if err != nil {
			t.Fatal(table, err)
		}
		slices.Sort(rows)
		text.WriteString(strings.Join(rows, ""))
	}
	return text.String()
}

func insertsOf(ctx context.Context, s *Store, table string) (inserts []string, err error) {
	booleans, err := booleansOf(ctx, s, table)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT * FROM `+table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, v := range values {
			if slices.Contains(booleans, columns[i]) {
				values[i] = v == int64(1)
			}
		}
		inserts = append(inserts, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(columns, ", "), literals(values)))
	}
	return inserts, rows.Err()
}

// booleansOf are the columns in which SQLite has numbers for booleans.
func booleansOf(ctx context.Context, s *Store, table string) ([]string, error) {
	if s.dialect != SQLite {
		return nil, nil
	}
	return collect(ctx, s.read, scanText, `SELECT name FROM pragma_table_info('`+table+`') WHERE type = 'BOOLEAN'`)
}

func literals(values []any) string {
	all := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			all[i] = "NULL"
		case string:
			all[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
		case []byte:
			all[i] = fmt.Sprintf("X'%X'", v)
		case bool:
			all[i] = strings.ToUpper(fmt.Sprint(v))
		default:
			all[i] = fmt.Sprint(v)
		}
	}
	return strings.Join(all, ", ")
}

// tablesOf are the tables of a SQLite database with its own rows, by name.
func tablesOf(t *testing.T, s *Store) []string {
	t.Helper()
	all, err := collect(t.Context(), s.read, scanText, `
		SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
