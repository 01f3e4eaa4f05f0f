package scale

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/proof/program"
)

// Busy is what else a program does while many watches are open.
type Busy struct {
	Breach  Breach
	Reads   []Read
	Beside  Sample // while breaches were found and pages read
	Intake  Intake // of changes that nobody watches
	Slow    Sample // while every answer of the metric store waited for slowBy
	Restart Restart
}

// slowBy is how long a slow store waits before it answers.
const slowBy = time.Second

// runBusy does one after the other in a world whose watches are open.
func (w *world) runBusy(ctx context.Context, size int) (b Busy, err error) {
	w.say("breaking %d services, and reading the API", broken)
	b.Beside, err = w.sample(ctx, func(ctx context.Context) (err error) {
		b.Breach, b.Reads, err = w.breachAndRead(ctx, size)
		return err
	})
	if err != nil {
		return b, err
	}
	w.say("%s", b.Breach)
	w.say("%s", b.Beside)
	if b.Intake, err = w.intake(ctx); err != nil {
		return b, err
	}
	w.say("the metric store waits for %s", slowBy)
	w.store.SetDelay(slowBy)
	b.Slow, err = w.sample(ctx, w.nothing)
	w.store.SetDelay(0)
	w.say("%s", b.Slow)
	if err != nil {
		return b, err
	}
	b.Restart, err = w.restart(ctx)
	return b, err
}

func (w *world) breachAndRead(ctx context.Context, size int) (b Breach, reads []Read, err error) {
	all, ctx := errgroup.WithContext(ctx)
	found := make(chan struct{})
	all.Go(func() (err error) {
		defer close(found)
		b, err = w.breach(ctx, size)
		return err
	})
	all.Go(func() (err error) {
		reads, err = w.read(ctx, found)
		return err
	})
	return b, reads, all.Wait()
}

// Restart is a kill and the next start.
type Restart struct {
	Serving time.Duration // from the start of the process until it takes events
	Ready   time.Duration // until it says that it is ready
	After   Sample        // from the start on
}

// restart kills the program while it watches, and starts it again.
func (w *world) restart(ctx context.Context) (r Restart, err error) {
	w.say("killing the program and starting it again")
	w.Kill()
	began, before := time.Now(), moment{at: time.Now(), own: program.OwnUsage(), asked: w.store.Counts()}
	if before.database, err = w.databaseSize(ctx); err != nil {
		return r, err
	}
	if err := w.Start(ctx); err != nil {
		return r, err
	}
	r.Serving = time.Since(began)
	if _, err := w.AwaitReady(ctx); err != nil {
		return r, err
	}
	r.Ready = time.Since(began)
	if err := w.nothing(ctx); err != nil {
		return r, err
	}
	after, err := w.now(ctx)
	r.After = between(before, after)
	w.say("it served after %s and was ready after %s", r.Serving.Round(time.Millisecond), r.Ready.Round(time.Millisecond))
	w.say("%s", r.After)
	return r, err
}
