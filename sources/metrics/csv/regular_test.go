package csv

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pushback/pushback/internal/boundedfile"
)

// A pipe is neither read nor waited for; files and folders are opened.
func TestOnlyRegularFiles(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(syscall.Mkfifo(filepath.Join(dir, "pipe.csv"), 0o600), os.WriteFile(filepath.Join(dir, "file.csv"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, want := range map[string]error{"pipe.csv": boundedfile.ErrNotRegular, "file.csv": nil, ".": nil} {
		f, err := regularFiles{root}.Open(name)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if err == nil {
			f.Close()
		}
	}
}
