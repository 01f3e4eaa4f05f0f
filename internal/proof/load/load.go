package load

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
)

// Options say what is measured.
type Options struct {
	Binary      string        // the built program
	Dir         string        // for its folder
	Database    string        // its URL; "": a SQLite file in Dir
	Rate        int           // events a second
	For         time.Duration // how long they are sent
	Watched     int           // of 100 events, how many are about a watched service
	Services    int           // of which events are sent in turn
	Connections int           // that the deploy tools keep open
}

// Result is what was measured.
type Result struct {
	Options
	Dialect   string
	Accepted  int               // events that were answered 2xx
	Refused   int               // events that were not
	Took      time.Duration     // until the last answer
	Answers   program.Quantiles // from when an event was sent to its 2xx
	Watches   program.Quantiles // from the 2xx to the first look at the change
	Unwatched int               // probes whose watch did not begin within probeLimit
	Memory    int64             // the most that the program used, in bytes
	CPU       time.Duration     // that the program used
	Written   float64           // bytes that it sent to the disk
	Machine   string            // its load before the first event
}

// probeLimit is how long after the last event a watch may begin to be counted.
const probeLimit = 60 * time.Second

// Run measures once.
func Run(ctx context.Context, o Options) (Result, error) {
	r := Result{Options: o, Machine: program.Machine()}
	metrics, err := newMetricStore()
	if err != nil {
		return r, err
	}
	defer metrics.close()
	d, err := start(ctx, o, metrics.url)
	if err != nil {
		return r, err
	}
	defer d.Kill()
	r.Dialect = d.Dialect()
	s := newSender(o, d.Address)
	if err := s.run(ctx); err != nil {
		return r, fmt.Errorf("sending events: %w (log: %s)", err, d.Log())
	}
	r.Took = s.took
	r.Accepted, r.Refused, r.Answers = s.answers()
	r.Watches, r.Unwatched = metrics.delays(ctx, s.probes, probeLimit)
	used := d.Used()
	r.Memory, r.CPU = used.Peak, used.CPU
	counts, err := d.Metrics(ctx)
	r.Written = counts["process_io_storage_written_bytes_total"]
	return r, err
}
