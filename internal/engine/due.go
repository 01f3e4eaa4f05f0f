package engine

import (
	"container/heap"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// dueLooks holds the open watches by the time of their next look. It is in memory only:
// looks can be repeated, and at start the open watches are read from the store.
type dueLooks struct {
	store    *store.Store
	mu       sync.Mutex
	heap     watchHeap
	known    map[string]*openWatch   // by the watch's ID
	ofChange map[string][]*openWatch // by the change's key: intake asks for every event
	news     chan struct{}           // the earliest look may have changed
}

// openWatch is a watch that is in the heap, or that a look is at.
type openWatch struct {
	watch.Watch
	place int // in the heap; -1 while a look is at it
}

func newDueLooks(s *store.Store) *dueLooks {
	return &dueLooks{store: s, known: map[string]*openWatch{}, ofChange: map[string][]*openWatch{}, news: make(chan struct{}, 1)}
}

// reload adds the open watches that are not known yet.
func (d *dueLooks) reload(ctx context.Context) error {
	ws, err := d.store.OpenWatches(ctx)
	if err != nil {
		return fmt.Errorf("reading open watches: %w", err)
	}
	d.add(ws)
	return nil
}

// add takes watches that have begun. Those that are known stay as they are.
func (d *dueLooks) add(ws []watch.Watch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range ws {
		if d.known[w.ID] != nil {
			continue
		}
		o := &openWatch{Watch: w}
		d.known[w.ID] = o
		d.ofChange[w.ChangeKey] = append(d.ofChange[w.ChangeKey], o)
		heap.Push(&d.heap, o)
	}
	d.signal()
}

// put takes a watch back after its look. A watch that has ended is dropped.
func (d *dueLooks) put(w watch.Watch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.known[w.ID]
	if !w.State.Open() {
		d.drop(o)
		return
	}
	o.Watch = w
	heap.Push(&d.heap, o)
	d.signal()
}

// drop forgets a watch that is not in the heap.
func (d *dueLooks) drop(o *openWatch) {
	delete(d.known, o.ID)
	others := slices.DeleteFunc(d.ofChange[o.ChangeKey], func(other *openWatch) bool { return other == o })
	if d.ofChange[o.ChangeKey] = others; len(others) == 0 {
		delete(d.ofChange, o.ChangeKey)
	}
}

// hasten makes the watches of a change due at once, because something about the change
// is new.
func (d *dueLooks) hasten(changeKey string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.ofChange[changeKey] {
		if o.place >= 0 {
			o.Next = now
			heap.Fix(&d.heap, o.place)
			d.signal()
		}
	}
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
		due = append(due, heap.Pop(&d.heap).(*openWatch).Watch)
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

// watchHeap orders watches by their next look, and those that look together by ID.
type watchHeap []*openWatch

func (h watchHeap) Len() int { return len(h) }

func (h watchHeap) Less(i, j int) bool {
	if h[i].Next.Equal(h[j].Next) {
		return h[i].ID < h[j].ID
	}
	return h[i].Next.Before(h[j].Next)
}

func (h watchHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *watchHeap) Push(w any) {
	o := w.(*openWatch)
	o.place = len(*h)
	*h = append(*h, o)
}

func (h *watchHeap) Pop() any {
	last := len(*h) - 1
	o := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	o.place = -1
	return o
}
