package folder

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Timing is how soon a change is told. The zero Pace is for people who edit.
type Timing struct {
	Quiet    time.Duration // nothing may change for so long; 300ms
	MaxDelay time.Duration // told after so long even where it never rests; 5s
	Poll     time.Duration // looked at so often without any notice; 30s
}

func (p Timing) orDefault() Timing {
	if p == (Timing{}) {
		return Timing{Quiet: 300 * time.Millisecond, MaxDelay: 5 * time.Second, Poll: 30 * time.Second}
	}
	return p
}

// Watch calls changed whenever the folder has come to rest after a change,
// until ctx ends. seen is the Fingerprint that was taken before the folder was
// read last, so that nothing is missed between that and now. Where the system
// gives no notices, it polls.
func Watch(ctx context.Context, dir, seen string, pace Timing, log *slog.Logger, changed func()) error {
	w := watcher{dir: dir, timing: pace.orDefault(), log: log, changed: changed, reported: seen}
	notices, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("the system gives no notices of changed files; the folder is polled", "folder", dir, "error", err)
		return w.run(ctx, nil, nil)
	}
	defer notices.Close()
	w.notices = notices
	w.subscribe()
	return w.run(ctx, notices.Events, notices.Errors)
}

type watcher struct {
	dir      string
	timing   Timing
	log      *slog.Logger
	changed  func()
	reported string // fingerprint of what was told last
	notices  *fsnotify.Watcher
}

func (w *watcher) run(ctx context.Context, events <-chan fsnotify.Event, failures <-chan error) error {
	poll := time.NewTicker(w.timing.Poll)
	defer poll.Stop()
	rest := time.NewTimer(w.timing.Quiet) // what changed while we began is told as well
	defer rest.Stop()
	var since time.Time // of the first notice not told yet
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-events:
			if !open {
				events = nil
				continue
			}
			if since.IsZero() {
				since = time.Now()
			}
			rest.Reset(min(w.timing.Quiet, max(0, w.timing.MaxDelay-time.Since(since))))
		case err := <-failures:
			w.log.Warn("watching a folder", "folder", w.dir, "error", err)
			rest.Reset(w.timing.Quiet)
		case <-rest.C:
			since = time.Time{}
			w.check()
		case <-poll.C:
			w.check()
		}
	}
}

// check tells of the folder where it is another than the one told last.
func (w *watcher) check() {
	now := Fingerprint(w.dir)
	if now == w.reported {
		return
	}
	w.reported = now
	w.subscribe() // there may be new folders in it
	w.changed()
}

// subscribe asks for notices of the folder and of those in it, and of the one it
// stands in: the folder itself may be a link that is swapped. What cannot be
// listened to is polled.
func (w *watcher) subscribe() {
	if w.notices == nil {
		return
	}
	root, err := filepath.EvalSymlinks(w.dir)
	if err != nil {
		root = w.dir
	}
	w.add(filepath.Dir(w.dir))
	n := 0
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if n++; n > maxEntries {
			return fs.SkipAll
		}
		if err != nil || !d.IsDir() {
			return nil //nolint:nilerr // what cannot be read is told by whoever loads it
		}
		if path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		w.add(path)
		return nil
	})
}

func (w *watcher) add(path string) {
	if err := w.notices.Add(path); err != nil && !os.IsNotExist(err) {
		w.log.Warn("no notices of a folder; it is polled", "folder", path, "error", err)
	}
}
