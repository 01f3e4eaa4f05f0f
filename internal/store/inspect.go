package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Inventory is what a file of SQLite holds.
type Inventory struct {
	Schema  int64            `json:"schema"`
	Bytes   int64            `json:"bytes"`
	Rows    map[string]int64 `json:"rows"`              // by table
	KnownTo time.Time        `json:"known_to,omitzero"` // when the newest thing in it happened; zero for nothing
}

// counted are the tables whose rows an Inventory counts.
var counted = []string{"changes", "events", "journal", "orders", "watches"}

// inspect checks a file and counts what is in it. Nobody else may write it.
func inspect(ctx context.Context, path string, progress Progress) (Inventory, error) {
	if err := checkHeader(path); err != nil {
		return Inventory{}, err
	}
	db, err := plainSQLite(path, "&mode=rw&_pragma=query_only(1)")
	if err != nil {
		return Inventory{}, err
	}
	progress("checking", 0, 0)
	i, err := inspectTables(ctx, db)
	if info, err2 := os.Stat(path); err2 == nil {
		i.Bytes = info.Size()
	}
	return i, errors.Join(err, db.Close())
}

// header begins every file of SQLite.
const header = "SQLite format 3\x00"

func checkHeader(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	begin := make([]byte, len(header))
	if _, err := io.ReadFull(f, begin); err != nil || !bytes.Equal(begin, []byte(header)) {
		return fmt.Errorf("%s is no backup: it does not begin as a database of SQLite does", path)
	}
	return nil
}

func inspectTables(ctx context.Context, db *sql.DB) (Inventory, error) {
	i := Inventory{Rows: map[string]int64{}}
	faults, err := collect(ctx, db, scanText, `PRAGMA integrity_check(3)`)
	if err == nil && strings.Join(faults, "") != "ok" {
		err = errors.New(strings.Join(faults, "; "))
	}
	if err != nil {
		return i, fmt.Errorf("it is damaged: %w", err)
	}
	err = db.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version WHERE is_applied`).Scan(&i.Schema)
	if err != nil || i.Schema <= 0 {
		return i, errors.New("it is a database of SQLite, and not one of Pushback")
	}
	for _, table := range counted {
		var n int64
		if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
			return i, fmt.Errorf("count the rows of %s: %w", table, err)
		}
		i.Rows[table] = n
	}
	i.KnownTo, err = knownTo(ctx, db)
	return i, err
}

// knownTo is when the newest thing happened that a database knows of.
func knownTo(ctx context.Context, db executor) (time.Time, error) {
	var newest int64
	for _, query := range []string{
		`SELECT COALESCE(MAX(received_at), 0) FROM events`, `SELECT COALESCE(MAX(at), 0) FROM journal`,
	} {
		var at int64
		if err := db.QueryRowContext(ctx, query).Scan(&at); err != nil {
			return time.Time{}, fmt.Errorf("find the newest row: %w", err)
		}
		newest = max(newest, at)
	}
	return fromMicros(newest), nil
}
