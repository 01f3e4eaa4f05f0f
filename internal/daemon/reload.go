package daemon

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/pushback/pushback/internal/folder"
	"github.com/pushback/pushback/rules"
)

// rulesFolder reads the rules so that what is loaded is of one moment.
type rulesFolder struct {
	path string
	mu   sync.Mutex
	seen string // the fingerprint before it was read last
}

func (f *rulesFolder) load(w rules.World) (set *rules.Set, found []rules.Diagnostic) {
	f.mu.Lock()
	defer f.mu.Unlock()
	folder.Steady(f.path, func() {
		f.seen = folder.Fingerprint(f.path)
		set, found = rules.Load(os.DirFS(f.path), w)
	})
	return set, found
}

func (f *rulesFolder) fingerprint() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen
}

// reloadOnEdit follows the folder.
func (d *Daemon) reloadOnEdit(ctx context.Context) error {
	log := d.log.With("component", "rules")
	return folder.Watch(ctx, d.rules.path, d.rules.fingerprint(), folder.Pace{}, log, func() { d.reload(ctx) })
}

func (d *Daemon) reloadOnHangup(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			d.reload(ctx)
		}
	}
}

// reload reads the rules and says how that went.
func (d *Daemon) reload(ctx context.Context) {
	broken := d.engine.Reload(ctx)
	for _, b := range broken {
		d.log.Error("the rules folder has a mistake; the last good rules go on", "mistake", b.String())
	}
	if len(broken) == 0 {
		d.log.Info("rules reloaded")
	}
}
