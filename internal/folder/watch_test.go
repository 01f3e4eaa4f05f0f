package folder

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// watched starts a watch of a folder and returns what it reports. It never polls, so
// that only notices can lead to a report.
func watched(t *testing.T, dir string, timing Timing) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	before := Fingerprint(dir)
	reports, done := make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(done)
		if err := Watch(ctx, dir, before, timing, slog.New(slog.DiscardHandler), func() { reports <- struct{}{} }); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return reports
}

var quick = Timing{Quiet: 50 * time.Millisecond, MaxDelay: time.Second, Poll: time.Hour}

// wait waits for a report for so long that only a broken watch misses it.
func wait(t *testing.T, reports <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-reports:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s was not reported", what)
	}
}

func TestWatchReportsEveryKindOfChange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rules")
	write(t, filepath.Join(dir, "a.yml"), "one")
	reports := watched(t, dir, quick)
	write(t, filepath.Join(dir, "a.yml"), "another")
	wait(t, reports, "an edit")
	write(t, filepath.Join(dir, "team", "b.yml"), "new")
	wait(t, reports, "a new folder")
	write(t, filepath.Join(dir, "team", "b.yml"), "edited")
	wait(t, reports, "an edit in a new folder")
	write(t, filepath.Join(dir, "c.new"), "moved")
	wait(t, reports, "a new file")
	if err := os.Rename(filepath.Join(dir, "c.new"), filepath.Join(dir, "a.yml")); err != nil {
		t.Fatal(err)
	}
	wait(t, reports, "a rename over a file")
	if err := os.Remove(filepath.Join(dir, "a.yml")); err != nil {
		t.Fatal(err)
	}
	wait(t, reports, "a removal")
}

func TestWatchFollowsSwappedLinks(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "rules")
	write(t, filepath.Join(dir, "..1", "a.yml"), "same size")
	write(t, filepath.Join(dir, "..2", "a.yml"), "same_size")
	link(t, "..1", filepath.Join(dir, "..data"))
	link(t, filepath.Join("..data", "a.yml"), filepath.Join(dir, "a.yml"))
	reports := watched(t, dir, quick)
	link(t, "..2", filepath.Join(dir, "..data"))
	wait(t, reports, "the swap of a ConfigMap")

	write(t, filepath.Join(top, "release-2", "a.yml"), "x")
	write(t, filepath.Join(top, "release-1", "a.yml"), "x")
	link(t, "release-1", filepath.Join(top, "live"))
	reports = watched(t, filepath.Join(top, "live"), quick)
	link(t, "release-2", filepath.Join(top, "live"))
	wait(t, reports, "the swap of the folder itself")
}

func TestWatchPollsWithoutNotices(t *testing.T) {
	dir := t.TempDir()
	w := watcher{dir: dir, timing: Timing{Quiet: time.Hour, MaxDelay: time.Hour, Poll: 10 * time.Millisecond}, log: slog.New(slog.DiscardHandler), reported: Fingerprint(dir)}
	reports := make(chan struct{}, 1)
	w.changed = func() { reports <- struct{}{} }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = w.run(ctx, nil, nil) }()
	write(t, filepath.Join(dir, "a.yml"), "x")
	wait(t, reports, "a change without notices")
}

func TestReadStableReadsAgainAfterAChange(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yml"), "x")
	reads := 0
	ReadStable(dir, func() {
		if reads++; reads == 1 {
			write(t, filepath.Join(dir, "b.yml"), "written during the read")
		}
	})
	if reads != 2 {
		t.Errorf("read %d times", reads)
	}
	ReadStable(dir, func() { reads++; write(t, filepath.Join(dir, "c.yml"), time.Now().String()+string(rune('a'+reads))) })
	if reads != 2+maxReads {
		t.Errorf("a folder that keeps changing was read %d times", reads-2)
	}
}

func TestFingerprintOfUnusualFolders(t *testing.T) {
	dir := t.TempDir()
	if Fingerprint(dir) == Fingerprint(filepath.Join(dir, "gone")) {
		t.Error("a missing folder has the fingerprint of an empty one")
	}
	before := Fingerprint(dir)
	link(t, "loop", filepath.Join(dir, "loop"))
	if Fingerprint(dir) == before {
		t.Error("a link to itself does not change the fingerprint")
	}
	before = Fingerprint(dir)
	write(t, filepath.Join(dir, ".git", "index"), "x")
	if Fingerprint(dir) != before {
		t.Error("a hidden file changes the fingerprint")
	}
}
