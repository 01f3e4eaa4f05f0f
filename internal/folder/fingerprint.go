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

// maxEntries bounds the work if a large folder is configured by mistake.
const maxEntries = 50_000

// Fingerprint returns a hash of the names in a folder and of the size, time and
// mode of their files; links are followed. It leaves out names that begin with a
// dot, except the target of ..data. An entry that cannot be read adds its error.
func Fingerprint(dir string) string {
	sum, n := sha256.New(), 0
	root, err := filepath.EvalSymlinks(dir)
	fmt.Fprintln(sum, root, err)
	configMap, _ := os.Readlink(filepath.Join(root, "..data"))
	fmt.Fprintln(sum, configMap)
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

// skipHidden skips a folder whole, and a file alone.
func skipHidden(d fs.DirEntry) error {
	if d != nil && d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// fileState returns the size, time and mode of a file, or the error of reading them.
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
