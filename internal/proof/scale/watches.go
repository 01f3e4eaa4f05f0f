package scale

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
)

// Watches is what so many watches cost.
type Watches struct {
	Size     int
	Dialect  string
	Machine  string
	Opened   time.Duration // from the first event until every watch was open
	Learning Sample        // while profiles were learned
	Settled  Sample        // afterwards
	Learned  bool          // all was learned before Settled
}

const (
	oldest    = 20 * time.Minute // of the changes when they are reported
	openRate  = 1000             // changes a second
	openLimit = 2 * time.Minute
)

// RunWatches measures one number of watches.
func RunWatches(ctx context.Context, o Options, size int) (r Watches, err error) {
	r = Watches{Size: size, Machine: program.Machine()}
	w, err := newWorld(ctx, o, fmt.Sprintf("watches-%d", size), size)
	if err != nil {
		return r, err
	}
	defer w.close()
	r.Dialect = w.Dialect()
	if r.Opened, err = w.open(ctx, size); err != nil {
		return r, err
	}
	o.say("%d watches are open after %s; measuring while profiles are learned", size, r.Opened.Round(time.Second/10))
	if r.Learning, err = w.sample(ctx); err != nil {
		return r, err
	}
	o.say("%s", r.Learning)
	if r.Learned, err = w.await(ctx, o.Learn, learned(size)); err != nil {
		return r, err
	}
	o.say("all profiles learned: %v; measuring again", r.Learned)
	r.Settled, err = w.sample(ctx)
	o.say("%s", r.Settled)
	return r, err
}

// open reports changes and waits until every watch is open and was looked at.
func (w *world) open(ctx context.Context, size int) (time.Duration, error) {
	began := time.Now()
	if err := w.deploy(ctx, 0, size, openRate, oldest); err != nil {
		return 0, err
	}
	ok, err := w.await(ctx, openLimit, func(m program.Metrics) bool {
		return int(m["pushback_watches_open"]) >= size && int(m.Sum("pushback_looks_total")) >= size
	})
	if err == nil && !ok {
		w.say("not every watch was open and looked at after %s", openLimit)
	}
	return time.Since(began), err
}

// learned reports whether every profile of so many services was learned.
func learned(size int) func(program.Metrics) bool {
	return func(m program.Metrics) bool {
		return m["pushback_profiles_missing"] == 0 && int(m["pushback_profiles_wanted"]) >= signals*size
	}
}

// String is for people who wait.
func (s Sample) String() string {
	looks := max(1, s.Looks)
	return fmt.Sprintf("%d open: %.2f cores (%.2f beside), %d MiB, %.0f looks/s of %.0f (%d failed), lag %s ms, look %s ms, %.0f requests/s, %.2f requests and %.1f KiB a look, %d profiles learned, %d missing",
		s.Open, s.Cores, s.Beside, s.Memory>>20, float64(s.Looks)/s.Took.Seconds(), float64(s.Open)/every.Seconds(), s.Failed, s.Lag, s.Look,
		float64(s.Asked.Requests)/s.Took.Seconds(), float64(s.Asked.Requests)/float64(looks), float64(s.Asked.Bytes)/1024/float64(looks), s.Learned, s.Missing)
}
