package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// sickDatabase is an error of a database with what a person can do about it.
type sickDatabase struct {
	what, hint string
	cause      error
}

func (e *sickDatabase) Error() string { return e.what + ": " + e.cause.Error() + "\n  hint: " + e.hint }
func (e *sickDatabase) Unwrap() error { return e.cause }

// explain says which file an error of SQLite or of the file system is about, and what to do. Other
// errors stay as they are.
func explain(err error, path string) error {
	var known *sickDatabase
	if err == nil || errors.As(err, &known) {
		return err
	}
	switch code := sqliteCode(err); {
	case code == lib.SQLITE_CORRUPT || code == lib.SQLITE_NOTADB:
		return &sickDatabase{
			"the database " + path + " is damaged, or is no database of Pushback",
			"stop Pushback and restore the newest backup: pushback restore FILE. The damaged file is kept beside it", err,
		}
	case isFull(err):
		return &sickDatabase{
			"the disk of the database " + path + " is full",
			"make room in " + filepath.Dir(path) + ": Pushback answers no event with 2xx before it is stored, and deploy tools send it again", err,
		}
	case code == lib.SQLITE_READONLY || code == lib.SQLITE_CANTOPEN || code == lib.SQLITE_PERM ||
		errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission):
		return &sickDatabase{
			"the folder of the database " + path + " cannot be written by this user",
			fmt.Sprintf("give it to the user that runs Pushback: chown -R pushback %s; in a container, mount a volume that can be written there", filepath.Dir(path)), err,
		}
	}
	return err
}

// isFull says whether a disk has no room.
func isFull(err error) bool {
	return sqliteCode(err) == lib.SQLITE_FULL || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// sqliteCode is SQLite's primary result code of an error, 0 for none.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}
