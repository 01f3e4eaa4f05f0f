package folder

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Timing is how soon Watch reports a change. The zero Timing has the defaults, which
// suit people who edit files.
type Timing struct {
	Quiet    time.Duration // a change is reported after this long without another one; default 300ms
	MaxDelay time.Duration // and at the latest after this long; default 5s
	Poll     time.Duration // how often the folder is checked without any notice; default 30s
}

func (t Timing) orDefault() Timing {
	if t == (Timing{}) {
		return Timing{Quiet: 300 * time.Millisecond, MaxDelay: 5 * time.Second, Poll: 30 * time.Second}
	}
	return t
}

// Watch calls changed after every change of the folder, until ctx ends. reported is
// the Fingerprint from before the caller last read the folder, so that a change
// since then is reported too. If the operating system gives no notices, Watch only
// polls.
func Watch(ctx context.Context, dir, reported string, timing Timing, log *slog.Logger, changed func()) error {
	w := watcher{dir: dir, timing: timing.orDefault(), log: log, changed: changed, reported: reported}
	notices, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("cannot get notices of changed files; polling the folder instead", "folder", dir, "error", err)
		return w.run(ctx, nil, nil)
	}
	defer notices.Close()
	w.notices = notices
	w.subscribe()
	return w.run(ctx, notices.Events, notices.Errors)
}

// watcher watches one folder.
type watcher struct {
	dir      string
	timing   Timing
	log      *slog.Logger
	changed  func()
	reported string // fingerprint of the last state that was reported
	notices  *fsnotify.Watcher
}

// run checks the folder after notices and at intervals, until ctx ends.
func (w *watcher) run(ctx context.Context, events <-chan fsnotify.Event, failures <-chan error) error {
	poll := time.NewTicker(w.timing.Poll)
	defer poll.Stop()
	quiet := time.NewTimer(w.timing.Quiet) // report what changed before the notices began
	defer quiet.Stop()
	var firstNotice time.Time // time of the first notice that is not reported yet
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-events:
			if !open {
				events = nil
				continue
			}
			if firstNotice.IsZero() {
				firstNotice = time.Now()
			}
			quiet.Reset(min(w.timing.Quiet, max(0, w.timing.MaxDelay-time.Since(firstNotice))))
		case err := <-failures:
			w.log.Warn("some notices of changed files are lost; checking the whole folder", "folder", w.dir, "error", err)
			quiet.Reset(w.timing.Quiet)
		case <-quiet.C:
			firstNotice = time.Time{}
			w.check()
		case <-poll.C:
			w.check()
		}
	}
}

// check calls changed if the folder differs from the state reported last.
func (w *watcher) check() {
	now := Fingerprint(w.dir)
	if now == w.reported {
		return
	}
	w.reported = now
	w.subscribe() // new folders may have been added
	w.changed()
}

// maxNotified bounds the folders that the operating system is asked about: it has only so
// many watches for everybody. The others are polled.
const maxNotified = 1000

// subscribe asks for notices of the folder and its subfolders, and of its parent,
// because the folder itself may be a link that is swapped. Folders without notices
// are polled.
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
	walk(Files(root), func(name string, d fs.DirEntry, err error) {
		if err != nil || !d.IsDir() {
			return // whoever loads the folder reports what cannot be read
		}
		if n++; n <= maxNotified {
			w.add(filepath.Join(root, name))
		}
	})
}

// add asks for notices of one folder.
func (w *watcher) add(path string) {
	if err := w.notices.Add(path); err != nil && !os.IsNotExist(err) {
		w.log.Warn("cannot get notices of changed files; polling the folder instead", "folder", path, "error", err)
	}
}
