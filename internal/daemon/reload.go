package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/folder"
	"github.com/pushback/pushback/rules"
)

// rulesFolder loads the rules. It reads again if a file changes while it reads, so that
// the loaded rules are from one moment.
type rulesFolder struct {
	path string
	log  *slog.Logger
	ends atomic.Bool // the process ends, so that a reading under way must not hold it up
	mu   sync.Mutex
	last string // the fingerprint of the folder when it was read last
}

func (f *rulesFolder) load(w rules.World) (set *rules.Set, found []rules.Diagnostic) {
	f.mu.Lock()
	defer f.mu.Unlock()
	deadline := time.Now().Add(maxReading) // for all that ReadStable reads
	w.Stop = func() error { return f.stop(deadline) }
	folder.ReadStable(f.path, func() {
		f.last = folder.Fingerprint(f.path)
		set, found = f.loadOrFail(w)
	})
	return set, found
}

// maxReading is far more than the largest folder takes. The limits of package rules bound what a
// folder may hold, and this what reading it may cost on a slow machine.
const maxReading = 30 * time.Second

// stop says why a reading is to end.
func (f *rulesFolder) stop(deadline time.Time) error {
	switch {
	case f.ends.Load():
		return errors.New("the daemon ends")
	case time.Now().After(deadline):
		return fmt.Errorf("reading the folder takes more than %s", maxReading)
	}
	return nil
}

// loadOrFail makes a mistake of a panic, because teams edit the folder: a file that nobody
// has thought of must not end the process, and end it again at every start.
func (f *rulesFolder) loadOrFail(w rules.World) (set *rules.Set, found []rules.Diagnostic) {
	defer func() {
		if r := recover(); r != nil {
			f.log.Error("reading the rules folder has failed; please report this as a bug", "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
			set, found = nil, []rules.Diagnostic{{
				File: ".", Line: 1, Column: 1, Code: "unreadable-file", Message: "a bug in Pushback keeps it from reading the folder",
				Hint: "its log says more; take back the last edit",
			}}
		}
	}()
	return rules.Load(folder.Files(f.path), w)
}

func (f *rulesFolder) fingerprint() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// reloadOnEdit reloads the rules after every edit in the folder, until ctx ends.
func (d *Daemon) reloadOnEdit(ctx context.Context) error {
	log := d.log.With("component", "rules")
	return folder.Watch(ctx, d.rules.path, d.rules.fingerprint(), folder.Timing{}, log, func() { d.reload(ctx) })
}

// loadRules loads the rules folder. Mistakes about names say so where pushback.yml was edited.
// No mistake has text of a file: from here they go to answers, logs, messages and the store.
func (d *Daemon) loadRules(w rules.World) (*rules.Set, []rules.Diagnostic) {
	w.NoDefaultReceiver = d.aliases.DefaultReceiver() == "" // a reload of the services may have changed it
	set, found := d.rules.load(w)
	found = rules.WithoutText(found)
	d.edits.hint(found)
	return set, found
}

// reloadOnHangup reloads the services and the rules at every SIGHUP, until ctx ends.
func (d *Daemon) reloadOnHangup(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			d.edits.reload(d.useServices)
			d.reload(ctx)
		}
	}
}

// useServices replaces the services that the daemon knows.
func (d *Daemon) useServices(s config.Services) {
	d.aliases.Replace(CatalogueConfig(s))
	d.engine.UseServices(CatalogueConfig(s))
}

// reload reads the rules and logs the result.
func (d *Daemon) reload(ctx context.Context) {
	broken := d.engine.Reload(ctx)
	for _, b := range broken {
		d.log.Error("the rules folder has a mistake; the last good rules stay in force", "mistake", b.String())
	}
	if len(broken) == 0 {
		d.log.Info("rules reloaded")
	}
}
