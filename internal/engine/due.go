package engine

import (
	"container/heap"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// dueLooks holds the open watches by the time of their next look. It is in memory only:
// looks can be repeated, and at start the open watches are read from the store.
type dueLooks struct {
	store *store.Store
	mu    sync.Mutex
	heap  watchHeap
	known map[string]bool // watches that are in the heap, or that a look is at
	news  chan struct{}   // the earliest look may have changed
}

func newDueLooks(s *store.Store) *dueLooks {
	return &dueLooks{store: s, known: map[string]bool{}, news: make(chan struct{}, 1)}
}

// reload adds the open watches that are not known yet.
func (d *dueLooks) reload(ctx context.Context) error {
	ws, err := d.store.OpenWatches(ctx)
	if err != nil {
		return fmt.Errorf("reading open watches: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range ws {
		if !d.known[w.ID] {
			d.known[w.ID] = true
			heap.Push(&d.heap, w)
		}
	}
	d.signal()
	return nil
}

// put takes a watch back after its look. A watch that has ended is dropped.
func (d *dueLooks) put(w watch.Watch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !w.State.Open() {
		delete(d.known, w.ID)
		return
	}
	heap.Push(&d.heap, w)
	d.signal()
}

// hasten makes the watches of a change due at once, because something about the change
// is new.
func (d *dueLooks) hasten(changeKey string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.heap {
		if d.heap[i].ChangeKey == changeKey {
			d.heap[i].Next = now
		}
	}
	heap.Init(&d.heap)
	d.signal()
}

func (d *dueLooks) signal() {
	select {
	case d.news <- struct{}{}:
	default:
	}
}

// take removes and returns the watches that are due, and returns when the next one will
// be.
func (d *dueLooks) take(now time.Time) (due []watch.Watch, next time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.heap) > 0 && !d.heap[0].Next.After(now) {
		due = append(due, heap.Pop(&d.heap).(watch.Watch))
	}
	if len(d.heap) > 0 {
		next = d.heap[0].Next
	}
	return due, next
}

// open counts the watches that still look.
func (d *dueLooks) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.known)
}

// watchHeap orders watches by their next look.
type watchHeap []watch.Watch

func (h watchHeap) Len() int           { return len(h) }
func (h watchHeap) Less(i, j int) bool { return h[i].Next.Before(h[j].Next) }
func (h watchHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *watchHeap) Push(w any)        { *h = append(*h, w.(watch.Watch)) }
func (h *watchHeap) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	*h = (*h)[:last]
	return w
}
