package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pushback/pushback/internal/crashpoint"
)

// writeWhole lets do write a file, which gets its name once it is whole and on disk. Without
// force it replaces no file. A file that was not finished is called path.partial, and is
// written anew by the next attempt.
func writeWhole(path string, force bool, do func(partial string) error) error {
	if _, err := os.Lstat(path); err == nil && !force {
		return fmt.Errorf("%s is there already: name another file, or replace it with --force", path)
	}
	partial := path + ".partial"
	unlock, err := createLocked(partial)
	if err != nil {
		return err
	}
	defer unlock()
	if err := do(partial); err != nil {
		return errors.Join(err, removeDatabase(partial))
	}
	if err := nameWhole(partial, path, force); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// createLocked creates a file for this user alone, or empties the one that an earlier attempt has
// left, and locks it against another attempt.
func createLocked(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, explain(err, path)
	}
	unlock = func() { _ = f.Close() }
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		unlock()
		return nil, fmt.Errorf("%s is being written by another process: wait for it, or name another file", path)
	}
	if err := errors.Join(f.Chmod(0o600), f.Truncate(0)); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// nameWhole gives a finished file its name. A link replaces nothing, also where another process
// has just created a file of that name; not every file system has links.
func nameWhole(partial, path string, force bool) error {
	if err := syncFile(partial); err != nil {
		return err
	}
	crashpoint.Reach(crashpoint.BeforeBackup)
	if force {
		return os.Rename(partial, path)
	}
	err := os.Link(partial, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already: name another file, or replace it with --force", path)
	case err != nil:
		return os.Rename(partial, path)
	}
	return os.Remove(partial)
}
