// Package freezefile reads and writes the freeze file. While the file exists,
// Pushback rolls nothing back. A freeze needs no database and no running daemon:
// `pushback freeze` and `touch` both make the file. `pushback freeze` and `pushback unfreeze`
// also leave an Action beside it, which says who did it and when.
//
// A file that cannot be read counts as a freeze, because the file may be there to
// stop a rollback.
package freezefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pushback/pushback/internal/boundedfile"
	"github.com/pushback/pushback/sources"
)

// maxReason is how much of the file is read, in bytes.
const maxReason = 1024

// unreadable is what people are told of a freeze file that cannot be read. The error has the
// rest, for the log.
const unreadable = "the freeze file cannot be read"

// Read returns whether rollbacks are frozen, and why: the first 1024 bytes of the
// file, on one line. If there is no file, nothing is frozen. On any other error
// frozen is true, and the error says what could not be read: a link that leads nowhere,
// and whatever is not a regular file, which is neither waited for nor read.
func Read(path string) (frozen bool, why string, err error) {
	text, err := boundedfile.ReadStart(path, maxReason)
	if errors.Is(err, fs.ErrNotExist) && !isLink(path) {
		return false, "", nil
	}
	if err != nil {
		return true, unreadable, fmt.Errorf("reading the freeze file: %w", err)
	}
	return true, sources.OneLine(string(text), maxReason), nil
}

// isLink says whether a link is at path. That its file is missing may be a mistake of
// whoever wanted a freeze.
func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// Write makes the freeze file with a reason for people. It replaces an existing
// file in one step, so that a reader finds the old reason or the new one whole.
func Write(path, why string) error {
	if err := replace(path, sources.OneLine(why, maxReason)+"\n"); err != nil {
		return fmt.Errorf("writing the freeze file: %w", err)
	}
	return nil
}

// replace writes a file that all may read, in one step.
func replace(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".freeze-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// Clear removes the freeze file. It is no error if there is none.
func Clear(path string) error {
	err := os.Remove(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing the freeze file: %w", err)
	}
	return nil
}
