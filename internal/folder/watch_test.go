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

// watched begins a watch of a folder and gives what it tells. Polling is put
// off, so that only the system's notices can be what tells.
func watched(t *testing.T, dir string, pace Timing) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	seen := Fingerprint(dir)
	told, done := make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(done)
		if err := Watch(ctx, dir, seen, pace, slog.New(slog.DiscardHandler), func() { told <- struct{}{} }); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return told
}

var quick = Timing{Quiet: 50 * time.Millisecond, MaxDelay: time.Second, Poll: time.Hour}

// wait is generous: only a watch that is broken reaches its end.
func wait(t *testing.T, told <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-told:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s was not told", what)
	}
}

func TestWatchTellsOfEveryKindOfChange(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rules")
	write(t, filepath.Join(dir, "a.yml"), "one")
	told := watched(t, dir, quick)
	write(t, filepath.Join(dir, "a.yml"), "another")
	wait(t, told, "an edit")
	write(t, filepath.Join(dir, "team", "b.yml"), "new")
	wait(t, told, "a new folder")
	write(t, filepath.Join(dir, "team", "b.yml"), "edited")
	wait(t, told, "an edit in a new folder")
	write(t, filepath.Join(dir, "c.new"), "moved")
	wait(t, told, "a new file")
	if err := os.Rename(filepath.Join(dir, "c.new"), filepath.Join(dir, "a.yml")); err != nil {
		t.Fatal(err)
	}
	wait(t, told, "a rename over a file")
	if err := os.Remove(filepath.Join(dir, "a.yml")); err != nil {
		t.Fatal(err)
	}
	wait(t, told, "a removal")
}

func TestWatchFollowsSwappedLinks(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "rules")
	write(t, filepath.Join(dir, "..1", "a.yml"), "same size")
	write(t, filepath.Join(dir, "..2", "a.yml"), "same_size")
	link(t, "..1", filepath.Join(dir, "..data"))
	link(t, filepath.Join("..data", "a.yml"), filepath.Join(dir, "a.yml"))
	told := watched(t, dir, quick)
	link(t, "..2", filepath.Join(dir, "..data"))
	wait(t, told, "the swap of a ConfigMap")

	write(t, filepath.Join(top, "release-2", "a.yml"), "x")
	write(t, filepath.Join(top, "release-1", "a.yml"), "x")
	link(t, "release-1", filepath.Join(top, "live"))
	told = watched(t, filepath.Join(top, "live"), quick)
	link(t, "release-2", filepath.Join(top, "live"))
	wait(t, told, "the swap of the folder itself")
}

func TestWatchPollsWhereNoNoticesCome(t *testing.T) {
	dir := t.TempDir()
	w := watcher{dir: dir, timing: Timing{Quiet: time.Hour, MaxDelay: time.Hour, Poll: 10 * time.Millisecond}, log: slog.New(slog.DiscardHandler), reported: Fingerprint(dir)}
	told := make(chan struct{}, 1)
	w.changed = func() { told <- struct{}{} }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = w.run(ctx, nil, nil) }()
	write(t, filepath.Join(dir, "a.yml"), "x")
	wait(t, told, "a change without notices")
}

func TestSteadyReadsAgainWhatChangedMeanwhile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yml"), "x")
	reads := 0
	ReadStable(dir, func() {
		if reads++; reads == 1 {
			write(t, filepath.Join(dir, "b.yml"), "came while we read")
		}
	})
	if reads != 2 {
		t.Errorf("read %d times", reads)
	}
	ReadStable(dir, func() { reads++; write(t, filepath.Join(dir, "c.yml"), time.Now().String()+string(rune('a'+reads))) })
	if reads != 2+maxReads {
		t.Errorf("a folder that never rests was read %d times", reads-2)
	}
}

func TestFingerprintOfWhatIsOdd(t *testing.T) {
	dir := t.TempDir()
	if Fingerprint(dir) == Fingerprint(filepath.Join(dir, "gone")) {
		t.Error("a folder that is not there looks like an empty one")
	}
	before := Fingerprint(dir)
	link(t, "loop", filepath.Join(dir, "loop"))
	if Fingerprint(dir) == before {
		t.Error("a link to itself was not seen")
	}
	before = Fingerprint(dir)
	write(t, filepath.Join(dir, ".git", "index"), "x")
	if Fingerprint(dir) != before {
		t.Error("a hidden file counts")
	}
}
