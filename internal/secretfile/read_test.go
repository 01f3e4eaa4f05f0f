package secretfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestRead(t *testing.T) {
	const strong = "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3"
	path := filepath.Join(t.TempDir(), "secret")
	f := func(text, want string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if want == "" && (err != nil || got.Reveal() != strong) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
		if shown := fmt.Sprintf("%v %+v %#v %s %q %x", got, got, got, got, got, got); strings.Contains(shown, strong) || strings.Contains(shown, fmt.Sprintf("%x", strong)) {
			t.Errorf("it prints as %s", shown)
		}
	}
	f(strong, "")
	f("\t"+strong+" \r\n\n", "")
	f("", "is empty")
	f(" \n", "is empty")
	f(strong+"\n"+strong, "more than one line")
	f(strong+"\x00", "more than one line")
	f("x", "at least 16")
	f("whsec_", "at least 16")
	f("your-secret-token-here", "placeholder")
	f(strings.Repeat(strong, 200), "over 4096 bytes")
}

// A named pipe has no end, and opening it waits for a writer.
func TestReadNeverWaits(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, dir, "/dev/zero", filepath.Join(dir, "absent")} {
		if _, err := Read(path); err == nil {
			t.Errorf("%s was read", path)
		}
	}
}
