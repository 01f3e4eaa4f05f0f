package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
)

// replacement is the suffix of a whole database that is to take the place of another. Its
// presence is the decision: from the moment at which it has its name, whoever opens the database
// finishes replacing it first.
const replacement = ".restore"

// replaceFile lets a whole database take the place of the one at path, which this process has
// locked. The old one is kept beside it under the returned name; "" if there was none.
//
// Renaming the new file over the old one would not be enough. The old write-ahead log would be
// beside the new database, and SQLite would write its pages into it.
func replaceFile(path, with string) (kept string, err error) {
	kept, at := keptName(path)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		kept = ""
	}
	if err := errors.Join(os.Chtimes(with, at, at), syncFile(with)); err != nil {
		return "", err
	}
	crashpoint.Reach(crashpoint.BeforeRestore)
	if err := os.Rename(with, path+replacement); err != nil {
		return "", err
	}
	if err := syncDirectory(filepath.Dir(path)); err != nil {
		return "", err
	}
	crashpoint.Reach(crashpoint.AfterRestore)
	return kept, finishReplacing(path)
}

// keptName is a name for the old database that no file has, and the time which it is made of.
func keptName(path string) (string, time.Time) {
	at := time.Now().UTC().Truncate(time.Second)
	for {
		name := keptAs(path, at)
		if _, err := os.Lstat(name); err != nil {
			return name, at
		}
		at = at.Add(time.Second)
	}
}

func keptAs(path string, at time.Time) string {
	return path + ".replaced-" + at.UTC().Format("20060102T150405Z")
}

// finishReplacing puts a database that waits under path in its place. It can be repeated from the
// beginning after a crash at any moment: the name of the kept file is made of the new one's time.
func finishReplacing(path string) error {
	info, err := os.Stat(path + replacement)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := keepOld(path, keptAs(path, info.ModTime())); err != nil {
		return err
	}
	crashpoint.Reach(crashpoint.BeforeSwap)
	if err := os.Rename(path+replacement, path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// refuseUnfinished refuses to read a database while another waits to take its place.
func refuseUnfinished(path string) error {
	if _, err := os.Stat(path + replacement); err == nil {
		return fmt.Errorf("a restore of %s was interrupted: start the daemon, which finishes it, or restore again", path)
	}
	return nil
}

// keepOld gives the old database a second name, and moves its log there.
func keepOld(path, kept string) error {
	err := os.Link(path, kept)
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(path, kept) // a file system without links
	}
	if err := ignore(fs.ErrExist, ignore(fs.ErrNotExist, err)); err != nil {
		return err
	}
	if err := ignore(fs.ErrNotExist, os.Rename(path+"-wal", kept+"-wal")); err != nil {
		return err
	}
	return ignore(fs.ErrNotExist, os.Remove(path+"-shm"))
}

// ignore drops an error of one kind.
func ignore(kind, err error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// syncDirectory makes the names in a folder survive a power cut.
func syncDirectory(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
