package freezefile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFreeze(t *testing.T) {
	path := filepath.Join(t.TempDir(), "freeze")
	f := func(wantFrozen bool, wantWhy string) {
		t.Helper()
		frozen, why, err := Read(path)
		if frozen != wantFrozen || why != wantWhy || err != nil {
			t.Errorf("got %v, %q, %v; want %v, %q", frozen, why, err, wantFrozen, wantWhy)
		}
	}
	write := func(why string) {
		t.Helper()
		if err := Write(path, why); err != nil {
			t.Fatal(err)
		}
	}
	f(false, "")
	write("sale until noon")
	f(true, "sale until noon")
	write("two\nlines \x1b[31m and \x00 a bell\a")
	f(true, "two lines [31m and a bell")
	write("noon \u202eyma\u2066\u200b")
	f(true, "noon yma")
	write("")
	f(true, "")
	write(strings.Repeat("x", 5000))
	f(true, strings.Repeat("x", maxReason-len("…"))+"…")
	for range 2 {
		if err := Clear(path); err != nil {
			t.Fatal(err)
		}
		f(false, "")
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What the file holds is bytes of anybody's making; the words are text all the same.
func TestFreezeOfBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "freeze")
	f := func(bytes, want string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(bytes), 0o600); err != nil {
			t.Fatal(err)
		}
		frozen, why, err := Read(path)
		if !frozen || why != want || err != nil {
			t.Errorf("%.20q: %v, %q, %v; want %q", bytes, frozen, why, err, want)
		}
	}
	f("caf\xe9 \xff\xfe noon", "caf noon")
	f("\x00\x00", "")
	f(strings.Repeat("€", maxReason), strings.Repeat("€", maxReason/len("€")))
	f(strings.Repeat("x", 10<<20), strings.Repeat("x", maxReason))
}

// A freeze file that cannot be read counts as a freeze.
func TestUnreadableIsFrozen(t *testing.T) {
	f := func(path string) {
		t.Helper()
		if frozen, why, err := Read(path); !frozen || why == "" || err == nil {
			t.Errorf("%s: frozen %v, %q, %v", path, frozen, why, err)
		}
	}
	dir := t.TempDir()
	f(dir) // a folder opens and cannot be read
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	f(pipe) // nobody writes into it
	f("/dev/zero")
	nowhere := filepath.Join(dir, "nowhere")
	if err := os.Symlink(filepath.Join(dir, "gone"), nowhere); err != nil {
		t.Fatal(err)
	}
	f(nowhere)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f(filepath.Join(file, "freeze")) // the parent is no folder
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	f(loop)
}
