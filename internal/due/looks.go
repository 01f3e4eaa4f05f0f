// Package due holds the open watches in the order of their next looks, and says which of them may
// be looked at now. Where several replicas share the watches, it holds this one's share. It is in
// memory only: looks can be repeated, and at start the open watches are read from the store.
//
//	Looks    the watches by their next look      looks.go
//	Reload   which watches are looked at here    reload.go
package due

import (
	"container/heap"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/watch"
)

// Looks are the open watches by the time of their next look. It is safe for concurrent use.
type Looks struct {
	Options
	loading  sync.Mutex // one Reload at a time
	mu       sync.Mutex
	heap     watchHeap
	ready    map[string][]*openWatch // by metric store: due, and waiting for others to be looked at; longest first
	under    map[string]int          // by metric store: being looked at
	known    map[string]*openWatch   // by the watch's ID
	ofChange map[string][]*openWatch // by the change's key: intake asks for every event
	news     chan struct{}           // the earliest look may have changed
}

// openWatch is a watch that is in the heap, or that a look is at.
type openWatch struct {
	watch.Watch
	place int    // in the heap; -1 while it is ready or a look is at it
	asks  string // the metric store that the look asks
	under bool   // a look is at it
	gone  bool   // another replica looks at it, or has ended it: dropped after the look that is at it
}

// mostLooks is how many looks there are at once at the watches of one metric store: enough for
// their questions to be asked together, and few enough that after a night without us not
// all begin at the same time. A store that hangs so delays no other.
const mostLooks = 256

// New returns the looks of the watches that are added. It reads nothing.
func New(o Options) *Looks {
	return &Looks{Options: o, ready: map[string][]*openWatch{}, under: map[string]int{}, known: map[string]*openWatch{}, ofChange: map[string][]*openWatch{}, news: make(chan struct{}, 1)}
}

// add takes watches. Those that are known stay as they are, and those that have ended since they
// were listed are not looked at.
func (d *Looks) add(ws []watch.Watch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range ws {
		if d.known[w.ID] != nil || !w.State.Open() {
			continue
		}
		o := &openWatch{Watch: w}
		d.known[w.ID] = o
		d.ofChange[w.ChangeKey] = append(d.ofChange[w.ChangeKey], o)
		heap.Push(&d.heap, o)
	}
	d.signal()
}

// Put takes a watch back after its look. A watch that has ended is dropped.
func (d *Looks) Put(w watch.Watch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.known[w.ID]
	o.under = false
	d.under[o.asks]--
	d.signal()
	if !w.State.Open() || o.gone {
		d.drop(o)
		return
	}
	o.Watch = w
	heap.Push(&d.heap, o)
}

// drop forgets a watch that is neither in the heap nor ready.
func (d *Looks) drop(o *openWatch) {
	d.Forget(o.ID)
	delete(d.known, o.ID)
	others := slices.DeleteFunc(d.ofChange[o.ChangeKey], func(other *openWatch) bool { return other == o })
	if d.ofChange[o.ChangeKey] = others; len(others) == 0 {
		delete(d.ofChange, o.ChangeKey)
	}
}

// Hasten makes the watches of a change due at once, because something about the change
// is new.
func (d *Looks) Hasten(changeKey string, now time.Time) {
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

func (d *Looks) signal() {
	select {
	case d.news <- struct{}{}:
	default:
	}
}

// News is sent to when the earliest look may have changed.
func (d *Looks) News() <-chan struct{} { return d.news }

// Take removes and returns the watches that are due and may be looked at, and returns when
// the next one will be due. Those that wait for their turn are taken when a look has ended.
func (d *Looks) Take(now time.Time) (due []watch.Watch, next time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.heap) > 0 && !d.heap[0].Next.After(now) {
		o := heap.Pop(&d.heap).(*openWatch)
		o.asks = o.Store()
		d.ready[o.asks] = append(d.ready[o.asks], o)
	}
	for asks, waiting := range d.ready {
		n := min(len(waiting), mostLooks-d.under[asks])
		for _, o := range waiting[:n] {
			o.under = true
			due = append(due, o.Watch)
		}
		d.under[asks] += n
		if d.ready[asks] = waiting[n:]; len(waiting) == n {
			delete(d.ready, asks)
		}
	}
	if len(d.heap) > 0 {
		next = d.heap[0].Next
	}
	return due, next
}

// Open counts the watches that still look.
func (d *Looks) Open() int {
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
