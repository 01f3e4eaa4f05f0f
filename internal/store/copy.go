package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"modernc.org/sqlite"

	"github.com/pushback/pushback/internal/crashpoint"
)

// copyPages is how many pages are copied between two reports of progress: 8 MiB.
const copyPages = 2048

// Progress is told how much of a long step is done; all is 0 where nobody knows.
type Progress func(step string, done, all int64)

// backuper is what the driver's connection offers beside database/sql.
type backuper interface {
	NewBackup(to string) (*sqlite.Backup, error)
}

// copySQLite writes the database of one file into another, as it is at one moment, while other
// processes read and write it. The copy is one file without a write-ahead log.
//
// It holds one read transaction from the first page to the last. SQLite's backup then never begins
// again, as it would at every write of another process; writers do not wait, and only the
// write-ahead log cannot be emptied meanwhile. VACUUM INTO was not taken: it says nothing of its
// progress.
func copySQLite(ctx context.Context, from, to string, progress Progress) error {
	source, err := plainSQLite(from, "&mode=rw&_pragma=query_only(1)")
	if err != nil {
		return err
	}
	conn, err := source.Conn(ctx)
	if err != nil {
		return errors.Join(explain(err, from), source.Close())
	}
	err = copyFrom(ctx, conn, to, progress)
	return errors.Join(explainCopy(err, from, to), ignoreTxDone(conn.Close()), source.Close())
}

// explainCopy is explain for a copy: what is full is the disk of the copy.
func explainCopy(err error, from, to string) error {
	if isFull(err) {
		return &sickDatabase{"the disk of " + to + " is full", "make room there, or write the copy elsewhere; the database is as it was", err}
	}
	return explain(err, from)
}

func copyFrom(ctx context.Context, conn *sql.Conn, to string, progress Progress) error {
	if _, err := conn.ExecContext(ctx, `BEGIN`); err != nil {
		return err
	}
	var tables int // reading anything begins the transaction
	if err := conn.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return err
	}
	err := conn.Raw(func(raw any) error {
		b, ok := raw.(backuper)
		if !ok {
			return errors.New("the driver of SQLite cannot make backups")
		}
		return copyInto(ctx, b, to, progress)
	})
	_, err2 := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	return errors.Join(err, err2, syncFile(to))
}

// copyInto copies all pages, and takes the copy out of the mode that needs a log beside it.
func copyInto(ctx context.Context, from backuper, to string, progress Progress) error {
	b, err := from.NewBackup(fileURI(to) + "?_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	for more := true; more && err == nil; {
		if more, err = b.Step(copyPages); err == nil {
			all := int64(b.PageCount())
			progress("copying", all-int64(b.Remaining()), all)
			crashpoint.Reach(crashpoint.InBackup)
			err = ctx.Err()
		}
	}
	if finished := b.Finish(); err == nil { // which repeats the error of the last step
		err = finished
	}
	if err != nil {
		return fmt.Errorf("copy to %s: %w", to, err)
	}
	single, err := plainSQLite(to, "&_pragma=journal_mode(DELETE)")
	if err != nil {
		return err
	}
	return errors.Join(single.PingContext(ctx), single.Close())
}

// plainSQLite opens a file with one connection, and locks it only as SQLite itself does.
func plainSQLite(path, options string) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(fileURI(path) + "?_pragma=busy_timeout(10000)" + options)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

// syncFile makes what was written to a file survive a power cut.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
