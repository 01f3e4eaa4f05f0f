package scale

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // reads the size of the program's database
)

// ownDatabase is the database of a run on PostgreSQL; each run begins with an empty one.
const ownDatabase = "pushback_scale"

// freshDatabase creates the run's database on the server of a URL. Without a URL, a run has a
// SQLite file of its own.
func freshDatabase(ctx context.Context, server string) (string, error) {
	if server == "" {
		return "", nil
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + ownDatabase + " WITH (FORCE)", "CREATE DATABASE " + ownDatabase} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", fmt.Errorf("%s: %w", statement, err)
		}
	}
	u.Path = "/" + ownDatabase
	return u.String(), countStatements(ctx, u.String())
}

// countStatements has PostgreSQL count the statements of a database, where it can.
func countStatements(ctx context.Context, database string) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var preloaded string
	if err := conn.QueryRow(ctx, "SHOW shared_preload_libraries").Scan(&preloaded); err != nil {
		return err
	}
	if strings.Contains(preloaded, "pg_stat_statements") {
		_, err = conn.Exec(ctx, "CREATE EXTENSION pg_stat_statements")
	}
	return err
}

// statements is how many statements a database has carried out; 0 where nobody counts.
func statements(ctx context.Context, database string) (n float64) {
	if database == "" {
		return 0
	}
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return 0
	}
	defer conn.Close(ctx)
	const counted = `SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database()`
	if err := conn.QueryRow(ctx, counted).Scan(&n); err != nil {
		return 0
	}
	return n
}

// databaseSize is how many bytes the program's database has, without free pages.
func (w *world) databaseSize(ctx context.Context) (size int64, err error) {
	if w.Database != "" {
		conn, err := pgx.Connect(ctx, w.Database)
		if err != nil {
			return 0, err
		}
		defer conn.Close(ctx)
		return size, conn.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&size)
	}
	db, err := sql.Open("sqlite", "file:"+w.Program.Dir+"/pushback.db?mode=rw&_pragma=query_only(1)")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").Scan(&size)
	return size, err
}
