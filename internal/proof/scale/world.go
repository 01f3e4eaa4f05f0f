package scale

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushback/pushback/internal/proof/metricstore"
	"github.com/pushback/pushback/internal/proof/program"
)

// Options say what is measured, and where.
type Options struct {
	Binary    string        // the built program
	Dir       string        // for the folders of its runs
	Databases []string      // their URLs; "": a SQLite file for each run
	Runs      []string      // of Runs
	Sizes     []int         // numbers of watches
	Learning  []int         // those of Sizes that are also measured while all profiles are learned
	Busy      int           // the one of Sizes beside which other things happen
	For       time.Duration // how long each measurement takes
	Find      time.Duration // how long it may take until the program has found its profiles
	Rate      int           // events a second that are offered to intake
	Viewers   int           // people who have a page open
	Seed      uint64        // equal seeds give equal samples
	Progress  io.Writer     // nil: nobody is told how far it has come
	Database  string        // of Databases, of one run
}

func (o Options) say(format string, args ...any) {
	if o.Progress == nil {
		return
	}
	fmt.Fprintf(o.Progress, time.Now().UTC().Format(time.TimeOnly)+" "+format+"\n", args...)
}

// sayEvery says how far something has come, until the returned function is called.
func (o Options) sayEvery(far func() string) (stop func()) {
	done := make(chan struct{})
	go func() {
		again := time.NewTicker(10 * time.Second)
		defer again.Stop()
		for {
			select {
			case <-done:
				return
			case <-again.C:
				o.say("%s", far())
			}
		}
	}()
	return sync.OnceFunc(func() { close(done) })
}

// world is a running program with everything around it.
type world struct {
	Options
	*program.Program
	store   *metricstore.Store
	outlets *outlets
	sent    int64 // events
}

// spare is how many services the store has beside those that are watched from the beginning.
const spare = broken

// newWorld makes the surroundings of a program, whose metric store has so many services, and the
// program's folder.
func newWorld(ctx context.Context, o Options, name string, services int) (*world, error) {
	return newWorldOf(ctx, o, name, services, files)
}

// newWorldOf is newWorld with other files in the program's folder, which get the addresses of the metric store and of
// the outlets.
func newWorldOf(ctx context.Context, o Options, name string, services int, files func(metrics, outlets string) map[string]string) (w *world, err error) {
	w = &world{Options: o}
	if w.Database, err = freshDatabase(ctx, o.Database); err != nil {
		return nil, err
	}
	if w.store, err = metricstore.Start(metricstore.Options{Services: services + spare, Seed: o.Seed}); err != nil {
		return nil, err
	}
	if w.outlets, err = newOutlets(w.store); err != nil {
		return nil, err
	}
	dir := filepath.Join(o.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	w.Program, err = program.New(program.Options{Binary: o.Binary, Dir: dir, Database: w.Database, Files: files(w.store.URL(), w.outlets.url())})
	return w, err
}

// begin starts the program and waits until it is ready.
func (w *world) begin(ctx context.Context) error {
	if err := w.Start(ctx); err != nil {
		return err
	}
	_, err := w.AwaitReady(ctx)
	return err
}

func (w *world) close() {
	w.Kill()
	w.outlets.close()
	_ = w.store.Close()
}

// deployLimit is how long reporting changes may take.
const deployLimit = 3 * time.Minute

// deploy reports a change of each service from one number to another, at so many a second. They
// happened at different times, up to oldest ago, so that watches are of every age. Those that
// the program does not take in time are left out.
func (w *world) deploy(ctx context.Context, first, n, rate int, oldest time.Duration) error {
	var accepted, refused atomic.Int64
	began := time.Now()
	s := &program.Sender{
		Address: w.Address, Source: "scale", Rate: rate, Total: int64(n), First: w.sent, Connections: 32, Limit: deployLimit,
		Service: func(event int64) string { return metricstore.ServiceName(first + int(event-w.sent)) },
		At: func(event int64) time.Time {
			return began.Add(-oldest * time.Duration(event-w.sent+1) / time.Duration(n)).Add(-time.Second)
		},
		Answered: func(_ int64, status int, _, _ time.Time) {
			if status/100 == 2 {
				accepted.Add(1)
			} else {
				refused.Add(1)
			}
		},
	}
	defer w.sayEvery(func() string { return fmt.Sprintf("%d of %d changes reported", accepted.Load(), n) })()
	_, err := s.Run(ctx)
	w.sent += int64(n)
	if got := accepted.Load(); err == nil && got+refused.Load() < int64(n) {
		w.say("only %d of %d changes were taken within %s", got, n, deployLimit)
	}
	if err == nil && refused.Load() > 0 {
		err = fmt.Errorf("%d of %d events were refused", refused.Load(), n)
	}
	return err
}

// await waits until the metrics fulfil a condition, for at most limit, and reports whether they
// do.
func (w *world) await(ctx context.Context, limit time.Duration, holds func(program.Metrics) bool) (bool, error) {
	end := time.Now().Add(limit)
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		m, err := w.Metrics(ctx)
		switch {
		case err != nil:
			return false, err
		case holds(m):
			return true, nil
		case time.Now().After(end):
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-again.C:
		}
	}
}
