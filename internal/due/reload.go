package due

import (
	"container/heap"
	"context"
	"fmt"
	"slices"

	"github.com/pushback/pushback/watch"
)

// Options are what Looks works with.
type Options struct {
	Store  Store
	Shares Shares          // nil: one process has the database, and looks at all watches
	Forget func(id string) // called, and not to call back, when a watch is not looked at here any more
}

// Store is what is read of the state database.
type Store interface {
	OpenWatchIDs(ctx context.Context, shares []string) ([]string, error)
	WatchesByID(ctx context.Context, ids []string) ([]watch.Watch, error)
}

// Shares say whose watches are looked at here, where several replicas share them.
type Shares interface {
	Mine(service string) bool
	Names() []string
}

// Reload takes over the open watches that are not known yet, and drops those that others look at
// or have ended. It reads only those that are not known.
func (d *Looks) Reload(ctx context.Context) error {
	d.loading.Lock()
	defer d.loading.Unlock()
	before := d.others()
	ids, err := d.Store.OpenWatchIDs(ctx, d.shares())
	if err != nil {
		return fmt.Errorf("reading open watches: %w", err)
	}
	for _, id := range ids {
		delete(before, id)
	}
	d.release(before)
	ws, err := d.Store.WatchesByID(ctx, d.unknown(ids))
	if err != nil {
		return fmt.Errorf("reading open watches: %w", err)
	}
	d.add(ws)
	return nil
}

func (d *Looks) shares() []string {
	if d.Shares == nil {
		return nil
	}
	return d.Shares.Names()
}

// others are the watches that may have become another replica's: all that are known. What is added
// while the open watches are read is none of them.
func (d *Looks) others() map[string]bool {
	if d.Shares == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make(map[string]bool, len(d.known))
	for id := range d.known {
		ids[id] = true
	}
	return ids
}

// unknown returns those that are to be read. A watch that came back while a look was at it stays.
func (d *Looks) unknown(ids []string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(ids, func(id string) bool {
		o := d.known[id]
		if o != nil {
			o.gone = false
		}
		return o != nil
	})
}

// release drops watches that are not looked at here any more.
func (d *Looks) release(ids map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range ids {
		o := d.known[id]
		switch {
		case o == nil: // ended meanwhile
		case o.under:
			o.gone = true
		case o.place >= 0:
			heap.Remove(&d.heap, o.place)
			d.drop(o)
		default:
			d.ready[o.asks] = slices.DeleteFunc(d.ready[o.asks], func(other *openWatch) bool { return other == o })
			d.drop(o)
		}
	}
}

// Add takes watches of a service that have begun. Where another replica looks at them, it finds
// them by Reload.
func (d *Looks) Add(service string, ws []watch.Watch) {
	if d.Shares == nil || d.Shares.Mine(service) {
		d.add(ws)
	}
}
