package scale

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
)

// Watches is what so many watches cost.
type Watches struct {
	Size     int
	Dialect  string
	Opened   time.Duration // from the first event until every watch was open and looked at
	Learning *Sample       // while all profiles were being learned
	Learned  *Sample       // where all were learned before
	Busy     *Busy         // each is nil where it was not measured
}

const (
	oldest    = 20 * time.Minute // of the changes when they are reported
	openRate  = 1000             // changes a second
	openLimit = 2 * time.Minute
	calmLimit = 3 * time.Minute
	late      = time.Second // and more
	ahead     = time.Hour   // before the run, profiles are learned
)

// runWatches measures one number of watches, and beside Options.Busy also what else happens.
func runWatches(ctx context.Context, o Options, size int) (r Watches, err error) {
	r = Watches{Size: size}
	if o.wants("learning") && slices.Contains(o.Learning, size) {
		o.say("%d watches, while their profiles are learned", size)
		if err = r.learning(ctx, o); err != nil {
			return r, err
		}
	}
	if o.wants("learned") {
		o.say("%d watches, whose profiles are learned before", size)
		err = r.learned(ctx, o)
	}
	return r, err
}

func (r *Watches) learning(ctx context.Context, o Options) error {
	w, err := newWorld(ctx, o, fmt.Sprintf("learning-%d", r.Size), r.Size)
	if err != nil {
		return err
	}
	defer w.close()
	r.Dialect = w.Dialect()
	if err := w.begin(ctx); err != nil {
		return err
	}
	opened, s, err := w.openAndSample(ctx, r.Size)
	r.Opened, r.Learning = opened, &s
	return err
}

func (r *Watches) learned(ctx context.Context, o Options) error {
	w, err := newWorld(ctx, o, fmt.Sprintf("learned-%d", r.Size), r.Size)
	if err != nil {
		return err
	}
	defer w.close()
	r.Dialect = w.Dialect()
	began := time.Now()
	if err := w.learnAhead(ctx, r.Size+spare, began.Add(-ahead)); err != nil {
		return err
	}
	o.say("profiles of %d services learned in %s", r.Size, time.Since(began).Round(time.Second))
	if err := w.begin(ctx); err != nil {
		return err
	}
	if ok, err := w.await(ctx, o.Find, learned(r.Size)); err != nil || !ok {
		w.say("the program has not found all its profiles after %s", o.Find)
	}
	opened, s, err := w.openAndSample(ctx, r.Size)
	if r.Opened, r.Learned = opened, &s; err != nil || !o.wants("busy") || r.Size != o.Busy {
		return err
	}
	b, err := w.runBusy(ctx, r.Size)
	r.Busy = &b
	return err
}

func (w *world) openAndSample(ctx context.Context, size int) (opened time.Duration, s Sample, err error) {
	if opened, err = w.open(ctx, size); err != nil {
		return opened, s, err
	}
	w.say("all watches are open and looked at after %s", opened.Round(time.Second/10))
	// What is late because all began at once is no part of what so many watches cost.
	if ok, err := w.await(ctx, calmLimit, calm(size)); err != nil {
		return opened, s, err
	} else if !ok {
		w.say("looks are still late after %s", calmLimit)
	}
	s, err = w.sample(ctx, w.nothing)
	w.say("%s", s)
	return opened, s, err
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

// calm reports whether every watch was looked at twice and, for five questions on end, no look began late.
func calm(size int) func(program.Metrics) bool {
	const onEnd = 5
	var before program.Metrics
	calmFor := 0 // questions
	return func(m program.Metrics) bool {
		lag := m.Since(before).Quantiles("pushback_look_lag_seconds")
		if before = m; lag.Most > late {
			calmFor = 0
		} else {
			calmFor++
		}
		return calmFor >= onEnd && int(m.Sum("pushback_looks_total")) >= 2*size
	}
}

// learned reports whether every profile of so many services was learned.
func learned(size int) func(program.Metrics) bool {
	return func(m program.Metrics) bool {
		return m["pushback_profiles_missing"] == 0 && int(m["pushback_profiles_wanted"]) >= signals*size
	}
}
