package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
)

// readers is how many connections read for everything but planning while one writes. The write-ahead log
// lets them read without waiting for the writer.
const readers = 4

// writerCache is 32 MiB. Keys are hashes, so every event touches other pages of a dozen
// indexes; with SQLite's 2 MiB most of them are read again for each.
const writerCache = "&_pragma=cache_size(-32768)&_pragma=temp_store(MEMORY)"

// reservedReaders is how many read for planning alone.
const reservedReaders = 2

// openSQLite opens two pools on one file. SQLite allows one writer at a time.
// With one writing connection, writers queue within the process, in order, instead
// of polling a locked file until a timeout.
func openSQLite(path string) (*Store, error) {
	unlock, err := lockFile(path)
	if err != nil {
		return nil, explain(err, path)
	}
	if err := errors.Join(finishReplacing(path), makePrivateFile(path)); err != nil {
		return nil, errors.Join(explain(err, path), unlock())
	}
	return openLocked(path, unlock)
}

// openLocked opens a file that this process has locked. Close calls unlock.
func openLocked(path string, unlock func() error) (*Store, error) {
	write, err := connectSQLite(path, "&_txlock=immediate&_pragma=auto_vacuum(2)&_pragma=journal_mode(WAL)"+writerCache, 1)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	read, err := connectSQLite(path, "&_pragma=query_only(1)", readers)
	if err != nil {
		return nil, errors.Join(err, write.Close(), unlock())
	}
	reserved, err := connectSQLite(path, "&_pragma=query_only(1)", reservedReaders)
	if err != nil {
		return nil, errors.Join(err, read.Close(), write.Close(), unlock())
	}
	return &Store{dialect: SQLite, write: write, read: read, reserved: reserved, release: unlock}, nil
}

// fileURI is a path as SQLite's URIs have it, whatever characters it has.
func fileURI(path string) string {
	file := url.URL{Path: path}
	return "file:" + file.EscapedPath()
}

// tracedConnector is set by tests that collect all statements.
var tracedConnector func(driver.Connector) driver.Connector

func connectSQLite(path, options string, connections int) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(fileURI(path) +
		"?_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)" + options)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	connector = cachingConnector{connector}
	if tracedConnector != nil {
		connector = tracedConnector(connector)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// lockFile creates the database's folder, and locks path.lock until the returned
// function is called. The kernel releases the lock when the process ends, however
// it ends. The lock file stays: if it were removed, two processes could lock two
// files of that name.
func lockFile(path string) (unlock func() error, err error) {
	if path == "" {
		return nil, errors.New("the sqlite URL names no file: write sqlite:/path/file.db")
	}
	if err := makeDirectory(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("create the database's directory: %w", err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the database's lock file: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use by another process: stop it, or use another file: %w", path, err), lock.Close())
	}
	return lock.Close, nil
}

// makeDirectory creates a directory and the missing ones above it, and syncs the
// entry of each: without that, a power cut could remove the directory and lose
// commits within it that were synced. SQLite syncs the entries of its own files.
func makeDirectory(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := makeDirectory(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDirectory(above)
}

// makePrivateFile creates the database file with mode 0600 before SQLite would
// create it readable by all. The -wal and -shm files take its mode.
func makePrivateFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create the database file: %w", err)
	}
	return f.Close()
}
