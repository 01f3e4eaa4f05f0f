package daemon

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/silences"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
)

// runSilences keeps alerts silent while rollbacks run, at the receivers whose settings want that, until ctx ends. Of
// several replicas one does.
func (d *Daemon) runSilences(ctx context.Context, st *store.Store) error {
	var g errgroup.Group
	for name, sender := range d.built.Senders {
		s, can := sender.(notify.Silencer)
		if !can || !s.Silences() {
			continue
		}
		log := d.log.With("component", "silences/"+name)
		seat := replica.Seat{Name: "silences/" + name, Store: st, Log: log}
		g.Go(func() error {
			seat.Hold(ctx, func(ctx context.Context) {
				moved, end := d.engine.Subscribe(func(_ string, look bool) bool { return !look })
				defer end()
				k := silences.Keeper{Store: st, Receiver: s, Moved: moved, Log: log, Now: time.Now}
				k.Run(ctx)
			})
			return nil
		})
	}
	return g.Wait()
}
