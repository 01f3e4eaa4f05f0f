package scale

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
)

// Runs are the names of what can be measured.
var Runs = []string{"learning", "learned", "busy", "intake"}

// Report is what was measured.
type Report struct {
	Options
	Began   time.Time
	Took    time.Duration
	Machine string // before the first run
	Watches []Watches
	Intake  []Alone
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
		if !slices.Contains(Runs, run) {
			return fmt.Errorf("there is no run %q; there are %v", run, Runs)
		}
	}
	if o.For < every {
		return fmt.Errorf("a measurement takes %s at least, in which every watch is looked at once", every)
	}
	for _, size := range o.Sizes {
		if size < 1 || size > maxWatches {
			return fmt.Errorf("%d watches: there can be 1 to %d", size, maxWatches)
		}
	}
	return nil
}

// maxWatches has numbers of five digits.
const maxWatches = 100_000 - spare
