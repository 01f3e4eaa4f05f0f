package secretfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

const (
	firstSecret  = "correct-horse-battery-staple"
	secondSecret = "staple-battery-horse-correct"
)

// TestKeptFilesAreReadAgain changes a file in every way that an operator may.
func TestKeptFilesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "secret")
	kept := Keep(path)
	f := func(what, want string, change func() error) {
		t.Helper()
		if err := change(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if text, err := kept.Read(); string(text) != want || (err == nil) != (want != "") {
				t.Errorf("%s: %q, %v; want %q", what, text.Reveal(), err, want)
			}
		}
	}
	write := func(text string) func() error {
		return func() error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	synctest.Test(t, func(*testing.T) { // whose clock is behind that of the file system
		f("written", firstSecret, write(firstSecret))
		if kept.of != (identity{}) {
			t.Error("a file that has just changed is kept: its next change may look the same")
		}
		f("written again at once", secondSecret, write(secondSecret))
	})
	kept.keepsAtOnce(t)
	f("written", firstSecret, write(firstSecret))
	kept.keepsAtOnce(t)
	f("of the same length", secondSecret, write(secondSecret))
	kept.keepsAtOnce(t)
	f("emptied", "", write(""))
	f("removed", "", func() error { return os.Remove(path) })
	f("replaced", firstSecret, func() error {
		other := filepath.Join(dir, "other")
		return errors.Join(os.WriteFile(other, []byte(firstSecret), 0o600), os.Rename(other, path))
	})
	kept.keepsAtOnce(t)
	if kept.of == (identity{}) {
		t.Error("the file is never kept")
	}
}

// keepsAtOnce keeps what was read, as if the file had not changed for a while.
func (k *Kept) keepsAtOnce(t *testing.T) {
	t.Helper()
	if _, err := k.Read(); err != nil {
		t.Fatal(err)
	}
	k.of = identify(k.path)
}

// BenchmarkKept reads a secret as every delivery does.
func BenchmarkKept(b *testing.B) {
	path := filepath.Join(b.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(firstSecret), 0o600); err != nil {
		b.Fatal(err)
	}
	kept := Keep(path)
	kept.text, kept.of = firstSecret, identify(path)
	for b.Loop() {
		if _, err := kept.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
