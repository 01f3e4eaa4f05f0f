package scale

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/proof/load"
	"github.com/pushback/pushback/internal/proof/program"
)

// Intake is what became of the events of changes that nobody watches.
type Intake struct {
	Rate     int // offered a second
	Accepted int
	Refused  int
	Answers  program.Quantiles
	Sample   Sample
}

// besideRate is how many events a second are sent beside watches.
const besideRate = 1000

// intake sends events beside the watches, about services that no rule watches.
func (w *world) intake(ctx context.Context) (i Intake, err error) {
	w.say("sending %d events a second beside the watches", besideRate)
	var mu sync.Mutex
	var waits []time.Duration
	i.Rate = besideRate
	s := &program.Sender{
		Address: w.Address, Source: "scale", Rate: besideRate, Total: int64(besideRate * w.For.Seconds()), First: w.sent, Connections: 64, Limit: w.For,
		Service: func(n int64) string { return fmt.Sprintf("unwatched-%d", n%5000) },
		Answered: func(_ int64, status int, sent, answered time.Time) {
			mu.Lock()
			defer mu.Unlock()
			if status/100 != 2 {
				i.Refused++
				return
			}
			waits = append(waits, answered.Sub(sent))
		},
	}
	w.sent += s.Total
	i.Sample, err = w.sample(ctx, func(ctx context.Context) error { _, err := s.Run(ctx); return err })
	i.Accepted, i.Answers = len(waits), program.QuantilesOf(waits)
	w.say("%d accepted, %d refused, answers %s ms; %s", i.Accepted, i.Refused, i.Answers, i.Sample)
	return i, err
}

// Alone is intake without watches beside it.
type Alone struct {
	load.Result
	Statements float64 // that PostgreSQL carried out; 0: not counted
}

// runIntake measures intake alone, as `make load` does: of so many slots in turn, in which five
// of a hundred services are watched, or of one.
func runIntake(ctx context.Context, o Options, slots int) (a Alone, err error) {
	dir := filepath.Join(o.Dir, fmt.Sprintf("intake-%d", slots))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return a, err
	}
	database, err := freshDatabase(ctx, o.Database)
	if err != nil {
		return a, err
	}
	watched := 5
	if slots == 1 {
		watched = 0
	}
	o.say("sending %d events a second to %d slots", o.Rate, slots)
	a.Result, err = load.Run(ctx, load.Options{
		Binary: o.Binary, Dir: dir, Database: database, Rate: o.Rate, For: o.For / 3, Watched: watched, Services: slots, Connections: 256,
	})
	a.Statements = statements(ctx, database)
	o.say("%s", a)
	return a, err
}
