package folder

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Fingerprint returns a hash of the names in a folder and of the size, time and
// mode of their files. Links are followed as Files follows them, because what a link outside
// leads to may change all the time (/proc), or not answer. It leaves out names that begin
// with a dot, except the target of ..data. An entry that cannot be read adds its error.
func Fingerprint(dir string) string {
	sum := sha256.New()
	root, err := filepath.EvalSymlinks(dir)
	fmt.Fprintln(sum, root, err)
	configMap, _ := os.Readlink(filepath.Join(root, "..data"))
	fmt.Fprintln(sum, configMap)
	tree := Files(root)
	walk(tree, func(name string, _ fs.DirEntry, err error) {
		fmt.Fprintf(sum, "%q %v %s\n", name, err, fileState(tree, name))
	})
	return hex.EncodeToString(sum.Sum(nil))
}

// walk visits what is in a folder and not hidden, up to maxEntries.
func walk(tree fs.FS, visit func(name string, d fs.DirEntry, err error)) {
	n := 0
	_ = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if n++; n > maxEntries {
			return fs.SkipAll
		}
		if name != "." && strings.HasPrefix(path.Base(name), ".") {
			return skipHidden(d)
		}
		visit(name, d, err)
		return nil
	})
}

// skipHidden skips a folder whole, and a file alone.
func skipHidden(d fs.DirEntry) error {
	if d != nil && d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// fileState returns the size, time and mode of a file, or the error of reading them.
func fileState(tree fs.FS, name string) string {
	info, err := fs.Stat(tree, name)
	if err != nil {
		return err.Error()
	}
	if info.IsDir() {
		return "folder " + info.Mode().String()
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano(), info.Mode())
}

// maxReads is how often ReadStable reads a folder that keeps changing.
const maxReads = 3

// ReadStable calls read, and calls it again if the folder changed meanwhile, so that
// the last read saw the folder in one state. After the third read it returns
// anyway, because Watch will report the change.
func ReadStable(dir string, read func()) {
	for range maxReads {
		before := Fingerprint(dir)
		read()
		if Fingerprint(dir) == before {
			return
		}
	}
}
