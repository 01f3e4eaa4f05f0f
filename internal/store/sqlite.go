package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	_ "modernc.org/sqlite" // registers "sqlite"
)

// readers is how many queries may read while one connection writes. WAL lets
// them read on undisturbed.
const readers = 4

// openSQLite opens two pools on one file. SQLite has one writer at a time:
// with one connection they queue in the process, where waiting is fair and
// costs nothing, instead of polling a locked file until a timeout.
func openSQLite(path string) (*Store, error) {
	unlock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	write, err := connectSQLite(path, "&_txlock=immediate&_pragma=journal_mode(WAL)", 1)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	read, err := connectSQLite(path, "&_pragma=query_only(1)", readers)
	if err != nil {
		return nil, errors.Join(err, write.Close(), unlock())
	}
	return &Store{dialect: SQLite, write: write, read: read, release: unlock}, nil
}

func connectSQLite(path, options string, connections int) (*sql.DB, error) {
	file := url.URL{Path: path}
	db, err := sql.Open("sqlite", "file:"+file.EscapedPath()+
		"?_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)"+options)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// lockFile makes the database file and holds path.lock until the returned
// function is called. The kernel drops the lock with the process, however it
// ends; the file itself stays, because removing it would let two processes
// hold locks on two files of one name.
func lockFile(path string) (unlock func() error, err error) {
	if path == "" {
		return nil, errors.New("sqlite: no file named: write sqlite:/path/file.db")
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("make the database's directory: %w", err)
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock beside the database: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use by another process: stop it, or use another file: %w", path, err), lock.Close())
	}
	if err := makePrivate(path); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock.Close, nil
}

// makeFolder makes a directory and has its name on disk, and that of every one
// above it that was missing: a commit that is synced is lost with a power cut
// if the folder it lies in has no name afterwards. What lies in the folder
// itself, SQLite syncs.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := makeFolder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	folder, err := os.Open(above)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// makePrivate makes the file before SQLite does, which would make it readable
// by all; the -wal and -shm files take its mode.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make the database file: %w", err)
	}
	return f.Close()
}
