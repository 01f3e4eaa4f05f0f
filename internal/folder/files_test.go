package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pushback/pushback/internal/boundedfile"
)

// read reads a file through Files.
func read(dir, name string) (string, error) {
	f, err := Files(dir).Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	return string(text), err
}

func TestFilesStayInTheFolder(t *testing.T) {
	top := t.TempDir()
	dir, secret := filepath.Join(top, "rules"), filepath.Join(top, "secrets", "slack")
	write(t, secret, "xoxb")
	write(t, filepath.Join(dir, "..1", "a.yml"), "inside")
	write(t, filepath.Join(dir, "team", "b.yml"), "inside")
	for name, to := range map[string]string{
		"..data": "..1", "a.yml": "..data/a.yml", "near.yml": "team/../a.yml", "team/up.yml": "../a.yml", "chain.yml": "near.yml",
		"out.yml": "../secrets/slack", "absolute.yml": secret, "environ.yml": "/proc/self/environ", "device.yml": "/dev/zero",
		"back.yml": filepath.Join(dir, "a.yml"), "far.yml": "team/../../secrets/slack", "folder": "../secrets", "chained.yml": "folder/slack",
		"twice.yml": "out.yml", "self.yml": "self.yml", "fd.yml": "../../../../../../../../proc/self/fd/0", "again.yml": "../rules/a.yml",
	} {
		link(t, to, filepath.Join(dir, name))
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.yml"), 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, "pipe.yml", filepath.Join(dir, "topipe.yml"))
	f := func(name string, want error) {
		t.Helper()
		text, err := read(dir, name)
		if want == nil && (err != nil || text != "inside") || !errors.Is(err, want) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if _, err := fs.Stat(Files(dir), name); want == errLeadsOut && !errors.Is(err, want) {
			t.Errorf("stat of %s: %v", name, err)
		}
	}
	for _, name := range []string{"a.yml", "near.yml", "team/up.yml", "chain.yml", "team/b.yml"} {
		f(name, nil)
	}
	for _, name := range []string{
		"out.yml", "absolute.yml", "environ.yml", "device.yml", "back.yml", "far.yml", "chained.yml", "twice.yml", "fd.yml", "again.yml", "folder/slack",
	} {
		f(name, errLeadsOut)
	}
	f("pipe.yml", boundedfile.ErrNotRegular)
	f("topipe.yml", boundedfile.ErrNotRegular)
	f("team", boundedfile.ErrNotRegular)
	f("self.yml", syscall.ELOOP)
	f("gone.yml", fs.ErrNotExist)
	f("../secrets/slack", fs.ErrInvalid)
	if _, err := fs.ReadDir(Files(dir), "folder"); !errors.Is(err, errLeadsOut) {
		t.Errorf("a folder outside is listed: %v", err)
	}
	link(t, "rules", filepath.Join(top, "live"))
	if text, err := read(filepath.Join(top, "live"), "a.yml"); text != "inside" {
		t.Errorf("the folder itself is a link: %v", err)
	}
}

// TestFilesAskTheOpenFile replaces a file by a pipe after its name was looked at.
func TestFilesAskTheOpenFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.yml")
	write(t, name, "x")
	tree := Files(dir)
	if info, err := fs.Stat(tree, "a.yml"); err != nil || !info.Mode().IsRegular() {
		t.Fatal(info, err)
	}
	if err := errors.Join(os.Remove(name), syscall.Mkfifo(name, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Open("a.yml"); !errors.Is(err, boundedfile.ErrNotRegular) {
		t.Error(err)
	}
}

func TestFilesAreBounded(t *testing.T) {
	dir := t.TempDir()
	deep := strings.Repeat("d/", maxDepth+2)
	write(t, filepath.Join(dir, deep, "a.yml"), "x")
	var last error
	walk(Files(dir), func(_ string, _ fs.DirEntry, err error) {
		if err != nil {
			last = err
		}
	})
	if !errors.Is(last, errTooDeep) {
		t.Errorf("deep: %v", last)
	}
	wide := t.TempDir()
	for i := range maxEntries + 1 {
		if err := os.Link(filepath.Join(dir, deep, "a.yml"), filepath.Join(wide, fmt.Sprint(i))); err != nil {
			t.Skip("this file system has too few links:", err)
		}
	}
	if _, err := fs.ReadDir(Files(wide), "."); !errors.Is(err, errTooMany) {
		t.Errorf("wide: %v", err)
	}
}

// TestFingerprintFollowsNoLinkOut changes what a link outside leads to.
func TestFingerprintFollowsNoLinkOut(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "rules")
	write(t, filepath.Join(dir, "a.yml"), "x")
	write(t, filepath.Join(top, "outside"), "x")
	link(t, "../outside", filepath.Join(dir, "b.yml"))
	before := Fingerprint(dir)
	write(t, filepath.Join(top, "outside"), "longer")
	if Fingerprint(dir) != before {
		t.Error("a file outside changes the fingerprint")
	}
	write(t, filepath.Join(dir, "a.yml"), "longer")
	if Fingerprint(dir) == before {
		t.Error("a file inside does not change the fingerprint")
	}
}
