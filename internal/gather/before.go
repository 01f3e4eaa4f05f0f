package gather

import (
	"context"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Before is what one signal of a watch was before the change. It does not change any more, so that
// looks ask for the time after the change alone.
type Before struct {
	earlier   detector.Earlier
	raw       packed             // of counters, which Around goes on from
	quantiles detector.Quantiles // of a histogram
	known     bool               // it has quantiles
	empty     bool               // the store has no series, or not those of the control: it may still get them
	control   *Before            // nil: none, or none to be had
	fault     string             // why there is none to be had

	spread *detector.Spread // as it was asked for last
	span   time.Duration    // of the window after the change, when it was
}

// FetchBefore asks for the before window, and for what a histogram's buckets counted in it.
func FetchBefore(ctx context.Context, r Ranger, in watch.Input, g detector.Grid) (*Before, error) {
	raw, err := Fetch(ctx, r, in, g.Window(), in.Value.Step)
	if err != nil {
		return nil, err
	}
	if in.Buckets != "" && in.Whole.Label == "" {
		raw.Buckets = buckets(ctx, r, in, g.Start, g.End())
	}
	return newBefore(raw, in, g), nil
}

func newBefore(raw detector.Raw, in watch.Input, g detector.Grid) *Before {
	b := &Before{earlier: detector.Remember(raw, g), empty: len(raw.Value) == 0 || raw.Fault != "", fault: raw.Fault}
	if b.earlier.Counts() {
		b.raw = pack(raw)
	}
	switch {
	case in.Whole.Label != "":
	case in.Form == watch.FormNativeMean:
		b.quantiles, b.known = detector.NativeQuantiles(raw.Value)
	case in.Buckets != "":
		b.quantiles, b.known = detector.ClassicQuantiles(raw.Buckets)
	}
	if raw.Control != nil {
		b.control = newBefore(*raw.Control, watch.Input{Whole: watch.Whole{Label: "none"}}, g)
	}
	return b
}

// around puts a reading on the grids of a look.
func (b *Before) around(present detector.Raw, v View) (before, after, running detector.Ticks) {
	return b.earlier.Around(b.raw.unpack(longest(present.Value)), present, v.grids())
}

// longest is how many samples the longest series has.
func longest(all []sources.Series) (n int) {
	for _, s := range all {
		n = max(n, len(s.Samples))
	}
	return n
}

// newest is the time of the newest sample.
func (b *Before) newest() time.Time { return b.earlier.Newest }

// befores keeps what was before for the watches that are open.
type befores struct {
	mu   sync.Mutex
	kept map[string]map[string]*Before // by watch and signal
}

// get returns what is kept, or fetches it. What may still get series is not kept.
func (c *befores) get(watchID, signal string, fetch func() (*Before, error)) (*Before, error) {
	c.mu.Lock()
	b := c.kept[watchID][signal]
	c.mu.Unlock()
	if b != nil {
		return b, nil
	}
	b, err := fetch()
	if err != nil || b.empty {
		return b, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept[watchID] == nil {
		c.kept[watchID] = map[string]*Before{}
	}
	c.kept[watchID][signal] = b
	return b, nil
}

// forget drops what is kept for a watch that nobody looks at any more.
func (c *befores) forget(watchID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept, watchID)
}
