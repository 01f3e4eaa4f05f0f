package scale

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
)

// Runs are the names of what is measured beside watches.
var Runs = []string{"learning", "learned", "busy", "intake"}

// Viewers is the run of people who look at pages. It is measured alone, and has a page of its own.
const Viewers = "viewers"

// Report is what was measured.
type Report struct {
	Options
	Began   time.Time
	Took    time.Duration
	Machine string // before the first run
	Watches []Watches
	Intake  []Alone
	Viewing []Viewing
}

// Run measures everything that the options name, on one database after the other.
func Run(ctx context.Context, o Options) (r Report, err error) {
	if err := o.check(); err != nil {
		return r, err
	}
	r = Report{Options: o, Began: time.Now(), Machine: program.Machine()}
	defer func() { r.Took = time.Since(r.Began) }()
	for _, o.Database = range o.Databases {
		for _, size := range o.Sizes {
			w, err := runWatches(ctx, o, size)
			if err != nil {
				return r, fmt.Errorf("%d watches: %w", size, err)
			}
			if w.Learned != nil || w.Learning != nil {
				r.Watches = append(r.Watches, w)
			}
		}
		if o.wants(Viewers) {
			v, err := runViewing(ctx, o)
			if err != nil {
				return r, err
			}
			r.Viewing = append(r.Viewing, v...)
		}
		if !o.wants("intake") {
			continue
		}
		for _, slots := range []int{5000, 1} {
			i, err := runIntake(ctx, o, slots)
			if err != nil {
				return r, fmt.Errorf("intake: %w", err)
			}
			r.Intake = append(r.Intake, i)
		}
	}
	return r, nil
}

func (o Options) wants(run string) bool { return slices.Contains(o.Runs, run) }

func (o Options) check() error {
	for _, run := range o.Runs {
		if run != Viewers && !slices.Contains(Runs, run) {
			return fmt.Errorf("there is no run %q; there are %v, and %s alone", run, Runs, Viewers)
		}
	}
	if o.wants(Viewers) && len(o.Runs) > 1 {
		return fmt.Errorf("%s are measured alone, in a run of their own", Viewers)
	}
	if o.For < every {
		return fmt.Errorf("a measurement takes %s at least, in which every watch is looked at once", every)
	}
	if o.wants(Viewers) && (o.Viewers < 1 || o.Viewers > maxViewers) {
		return fmt.Errorf("%d viewers: there can be 1 to %d", o.Viewers, maxViewers)
	}
	for _, size := range o.Sizes {
		if size < 1 || size > maxWatches {
			return fmt.Errorf("%d watches: there can be 1 to %d", size, maxWatches)
		}
	}
	return nil
}

// maxViewers need two connections each, at both ends.
const maxViewers = 2000

// maxWatches has numbers of five digits.
const maxWatches = 100_000 - spare
