package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxEntries bounds a folder that was pointed at by mistake.
const maxEntries = 50_000

// Fingerprint is equal where a folder is: the names in it, and the size, time
// and mode of what they lead to. Names that begin with a dot are left out, but
// for where ..data leads. What cannot be read counts as it is: unreadable.
func Fingerprint(dir string) string {
	sum, n := sha256.New(), 0
	root, err := filepath.EvalSymlinks(dir)
	fmt.Fprintln(sum, root, err)
	swapped, _ := os.Readlink(filepath.Join(root, "..data"))
	fmt.Fprintln(sum, swapped)
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if n++; n > maxEntries {
			return fs.SkipAll
		}
		if path != root && strings.HasPrefix(filepath.Base(path), ".") {
			return skipHidden(d)
		}
		fmt.Fprintln(sum, path, err, fileState(path))
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil))
}

func skipHidden(d fs.DirEntry) error {
	if d != nil && d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// fileState is what one look at a file tells of whether it changed.
func fileState(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	if info.IsDir() {
		return "folder " + info.Mode().String()
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano(), info.Mode())
}

// maxReads is how often Steady reads a folder that will not rest.
const maxReads = 3

// ReadStable reads a folder and reads it again where it changed meanwhile, so
// that what was read last is of one moment; at the third try it is taken as it
// is, for Watch will tell of the change.
func ReadStable(dir string, read func()) {
	for range maxReads {
		before := Fingerprint(dir)
		read()
		if Fingerprint(dir) == before {
			return
		}
	}
}
