package secretfile

import (
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/pushback/pushback/internal/secret"
)

// Kept is a secret's file that is asked for often. It is read again whenever the file system
// says that something about it has changed: its text, its mode, or which file the path
// leads to.
type Kept struct {
	path string
	mu   sync.Mutex
	of   identity // of the file when it was read
	text secret.Text
	err  error
}

// Keep returns the file at path. It is not read yet.
func Keep(path string) *Kept { return &Kept{path: path} }

// identity is what the file system says of a file. Whatever is done to a file sets the time
// of its last change, which nobody can set back.
type identity struct {
	device, inode uint64
	size          int64
	changed       time.Time
}

// settled is how old a change must be before the file is kept: two changes within one tick
// of the file system's clock look like one.
const settled = 2 * time.Second

// Read is the package's Read for this file.
func (k *Kept) Read() (secret.Text, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := identify(k.path)
	if now != (identity{}) && now == k.of {
		return k.text, k.err
	}
	k.of = identity{}
	k.text, k.err = Read(k.path)
	if time.Since(now.changed) > settled {
		k.of = now
	}
	return k.text, k.err
}

// identify returns the zero identity for a file that cannot be looked at.
func identify(path string) identity {
	info, err := os.Stat(path)
	if err != nil {
		return identity{}
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}
	}
	return identity{uint64(stat.Dev), stat.Ino, info.Size(), changeTime(stat)} //nolint:unconvert // not the same type on every system
}
