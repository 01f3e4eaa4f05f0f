package csv

import (
	"io/fs"
	"os"

	"github.com/pushback/pushback/internal/boundedfile"
)

// regularFiles are the regular files and folders below a root. A named pipe is refused, and
// opening one does not wait for its writer.
type regularFiles struct{ root *os.Root }

// Open opens a file or a folder.
func (r regularFiles) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f, err := r.root.OpenFile(name, boundedfile.Flags, 0)
	if err != nil {
		return nil, err
	}
	return boundedfile.Only(f, name, func(m fs.FileMode) bool { return m.IsRegular() || m.IsDir() })
}
