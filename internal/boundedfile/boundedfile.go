// Package boundedfile reads the files that operators name in pushback.yml. Every one of them
// may be replaced while the daemon runs, by mistake or on purpose: a named pipe would make
// the reader wait for ever, and a device or a huge file would fill the memory.
//
// Links are followed, because operators and Kubernetes mount files through them. The folder
// of the teams' rules is read by package folder, which keeps links inside.
package boundedfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrNotRegular is the cause of the error for a file of another kind than is wanted.
var ErrNotRegular = errors.New("this is not a regular file")

// folderError is ErrNotRegular for a folder, which people name by mistake.
type folderError struct{}

func (folderError) Error() string        { return "this is a folder, not a file" }
func (folderError) Is(target error) bool { return target == ErrNotRegular } //nolint:errorlint // the same value

func notRegular(info fs.FileInfo) error {
	if info.IsDir() {
		return folderError{}
	}
	return ErrNotRegular
}

// sizeError says how many bytes a file may have that has more.
type sizeError int64

func (e sizeError) Error() string { return fmt.Sprintf("the file is over %d bytes", int64(e)) }

// Open opens a regular file, and waits for nobody. It asks twice what the file is: before
// it opens the file, because opening some devices has an effect, and afterwards, because the
// name may have another file by then.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: notRegular(info)}
	}
	return openRegular(path)
}

func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, Flags, 0)
	if err != nil {
		return nil, err
	}
	return Only(f, path, fs.FileMode.IsRegular)
}

// Flags open a file to read without waiting for it, as the opening of a pipe would.
const Flags = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY

// Only returns an open file if it is of a kind that is wanted, and closes it otherwise. What a
// file is, is asked of the open one: its name may have another by now. name is for the error.
func Only(f *os.File, name string, wanted func(fs.FileMode) bool) (*os.File, error) {
	info, err := f.Stat()
	if err == nil && !wanted(info.Mode()) {
		err = &fs.PathError{Op: "open", Path: name, Err: notRegular(info)}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Read reads a regular file of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	text, err := ReadStart(path, limit+1)
	if err == nil && int64(len(text)) > limit {
		return nil, tooLarge(path, limit)
	}
	return text, err
}

// Check says whether Read would read a file, without reading it: for a library that reads the
// file itself. A file that is replaced in between is not seen.
func Check(path string, limit int64) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Size() > limit {
		return tooLarge(path, limit)
	}
	return err
}

func tooLarge(path string, limit int64) error {
	return &fs.PathError{Op: "read", Path: path, Err: sizeError(limit)}
}

// ReadStart reads the first bytes of a regular file, at most limit.
func ReadStart(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}
