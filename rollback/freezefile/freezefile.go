// Package freezefile is the brake that works when nothing else does: a file.
// While it exists, Pushback acts on nothing. It needs no database and no
// running daemon, so `pushback freeze`, `touch` and a full disk's last inode
// all do.
//
// A file that cannot be read is a freeze: who cannot see the brake must take
// it as pulled.
package freezefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// maxReason is how much of the file is read, in bytes.
const maxReason = 1024

// Read says whether acting is frozen, and why: the file's first 1024 bytes on
// one line. No file is no freeze. On any other error frozen is true, and the
// error says what could not be read.
func Read(path string) (frozen bool, why string, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, "", nil
	}
	if err != nil {
		return true, "the freeze file cannot be read", fmt.Errorf("reading the freeze file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxReason))
	if err != nil {
		return true, "the freeze file cannot be read", fmt.Errorf("reading the freeze file: %w", err)
	}
	return true, oneLine(string(text)), nil
}

// Write freezes, with a reason for people. It replaces the file in one step,
// so that a reader sees the old reason or the new one, never half of it.
func Write(path, why string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".freeze-*")
	if err != nil {
		return fmt.Errorf("freezing: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(oneLine(why) + "\n")
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("freezing: %w", err)
	}
	return nil
}

// Clear thaws. That there was no freeze is no error.
func Clear(path string) error {
	err := os.Remove(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("thawing: %w", err)
	}
	return nil
}

// oneLine makes a reason fit for one line of a message.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}
