package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/pushback/pushback/internal/boundedfile"
)

// The limits of a folder. They bound the work if a large folder is configured by
// mistake, or is made large on purpose.
const (
	maxEntries = 50_000 // of one folder, and of a whole tree
	maxDepth   = 32
)

// Why a file of a folder is not read.
var (
	errLeadsOut = errors.New("this is an absolute link, or a link that leads out of the folder; put the file itself here")
	errTooDeep  = fmt.Errorf("folders nest deeper than %d levels", maxDepth)
	errTooMany  = fmt.Errorf("the folder holds more than %d entries", maxEntries)
)

// Files returns the files below a folder that others may edit than those who run the
// daemon. What they put there must not make the daemon read, and show them, a file that they
// cannot read themselves, nor wait for ever:
//
//   - A link is followed only to what is below the folder, as the links of a Kubernetes
//     ConfigMap are. An absolute link is never followed. The folder itself may be a link.
//   - Only regular files are opened. What a file is, is asked of the open file, because its
//     name may have another one by the time it is opened. A pipe is not waited for.
//   - Folders are bounded in depth and in the number of entries.
//
// Whoever reads a file bounds its size (strictyaml.ReadFile). See adr/0092.
func Files(dir string) fs.FS { return files(dir) }

type files string

// Open opens a regular file.
func (d files) Open(name string) (fs.File, error) {
	var f *os.File
	err := d.in("open", name, func(root *os.Root) (err error) {
		f, err = root.OpenFile(name, boundedfile.Flags, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return boundedfile.Only(f, name, fs.FileMode.IsRegular)
}

// Stat says what a name is, or what the link of that name leads to.
func (d files) Stat(name string) (info fs.FileInfo, err error) {
	err = d.in("stat", name, func(root *os.Root) error {
		info, err = root.Stat(name)
		return err
	})
	return info, err
}

// ReadDir lists a folder, by name.
func (d files) ReadDir(name string) (all []fs.DirEntry, err error) {
	err = d.in("readdir", name, func(root *os.Root) error {
		if strings.Count(name, "/") >= maxDepth {
			return errTooDeep
		}
		all, err = list(root, name)
		return err
	})
	return all, err
}

// list returns the entries of a folder, sorted by name.
func list(root *os.Root, name string) ([]fs.DirEntry, error) {
	f, err := root.OpenFile(name, boundedfile.Flags|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := f.ReadDir(maxEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(all) > maxEntries {
		return nil, errTooMany
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}

// in calls use with the folder, and makes an error of it one that names no path outside.
func (d files) in(op, name string, use func(*os.Root) error) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return err
	}
	defer root.Close()
	if err := use(root); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: cause(err)}
	}
	return nil
}

// cause is the reason of an error without its path. os.Root has no error to compare with for
// a path that leaves it.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	if strings.Contains(err.Error(), "path escapes") {
		return errLeadsOut
	}
	return err
}
