package boundedfile

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = errors.Join(os.WriteFile(at("file"), []byte("12345678"), 0o600), os.WriteFile(at("large"), []byte("123456789"), 0o600),
		os.WriteFile(at("empty"), nil, 0o600), syscall.Mkfifo(at("pipe"), 0o600), os.Mkdir(at("folder"), 0o700),
		os.Symlink(at("file"), at("link")), os.Symlink("pipe", at("topipe")), os.Symlink("/dev/zero", at("todevice")),
		os.Symlink("gone", at("dangling")), os.Symlink("loop", at("loop")))
	if err != nil {
		t.Fatal(err)
	}
	f := func(name, want string, refused error) {
		t.Helper()
		path := name
		if !filepath.IsAbs(name) {
			path = at(name)
		}
		got, err := Read(path, 8)
		if string(got) != want || !errors.Is(err, refused) {
			t.Errorf("%s: %q, %v; want %q, %v", name, got, err, want, refused)
		}
		if err := Check(path, 8); !errors.Is(err, refused) {
			t.Errorf("%s: checked as %v, want %v", name, err, refused)
		}
		if err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%s: the error does not name the file: %v", name, err)
		}
	}
	f("file", "12345678", nil)
	f("link", "12345678", nil)
	f("empty", "", nil)
	f("large", "", sizeError(8))
	f("gone", "", fs.ErrNotExist)
	f("dangling", "", fs.ErrNotExist)
	f("loop", "", syscall.ELOOP)
	for _, name := range []string{"pipe", "topipe", "todevice", "folder", "socket", "/dev/zero", "/dev/null", "/dev/tty"} {
		f(name, "", ErrNotRegular)
	}
	if start, err := ReadStart(at("large"), 4); string(start) != "1234" || err != nil {
		t.Errorf("the start of a file: %q, %v", start, err)
	}
}

// The name may have another file by the time it is opened.
func TestOpenAsksTheOpenFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openRegular(pipe); !errors.Is(err, ErrNotRegular) {
		t.Errorf("a pipe was opened: %v", err)
	}
}
