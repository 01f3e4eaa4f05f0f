package scale

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/proof/metricstore"
	"github.com/pushback/pushback/internal/proof/program"
)

// Sample is what happened between two moments.
type Sample struct {
	Took        time.Duration
	Cores       float64 // that the program used
	Beside      float64 // cores that the metric store and the senders used
	Memory      int64   // the most that the program used, in bytes
	Open        int     // watches, at the end
	Looks       int
	Failed      int               // of these
	Lag         program.Quantiles // how long after it was due a look began
	Look        program.Quantiles // how long a look took
	Asked       metricstore.Counts
	Learned     int     // profiles
	Allocations float64 // of memory
	Written     float64 // bytes to the disk
	Growth      int64   // of the database, in bytes
}

// moment is where a sample begins or ends.
type moment struct {
	at        time.Time
	used, own program.Usage
	asked     metricstore.Counts
	metrics   program.Metrics
	database  int64
}

func (w *world) now(ctx context.Context) (m moment, err error) {
	if m.database, err = w.databaseSize(ctx); err != nil {
		return m, err
	}
	m.metrics, err = w.Metrics(ctx)
	m.at, m.used, m.own, m.asked = time.Now(), w.Used(), program.OwnUsage(), w.store.Counts()
	return m, err
}

// sample measures while something is done.
func (w *world) sample(ctx context.Context, do func(context.Context) error) (Sample, error) {
	w.ResetPeak()
	before, err := w.now(ctx)
	if err != nil {
		return Sample{}, err
	}
	if err := do(ctx); err != nil {
		return Sample{}, err
	}
	after, err := w.now(ctx)
	return between(before, after), err
}

// nothing waits for as long as the options say.
func (w *world) nothing(ctx context.Context) error { return pause(ctx, w.For) }

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func between(a, b moment) Sample {
	took, grown := b.at.Sub(a.at), b.metrics.Since(a.metrics)
	return Sample{
		Took:   took,
		Cores:  (b.used.CPU - a.used.CPU).Seconds() / took.Seconds(),
		Beside: (b.own.CPU - a.own.CPU).Seconds() / took.Seconds(),
		Memory: b.used.Peak,
		Open:   int(b.metrics["pushback_watches_open"]),
		Looks:  int(grown.Sum("pushback_looks_total")), Failed: int(grown[`pushback_looks_total{outcome="failed"}`]),
		Lag: grown.Quantiles("pushback_look_lag_seconds"), Look: grown.Quantiles("pushback_look_duration_seconds"),
		Asked:       metricstore.Counts{Requests: b.asked.Requests - a.asked.Requests, Bytes: b.asked.Bytes - a.asked.Bytes},
		Learned:     int(grown[`pushback_profiles_total{result="learned"}`]),
		Allocations: grown["go_memstats_mallocs_total"],
		Written:     grown["process_io_storage_written_bytes_total"],
		Growth:      b.database - a.database,
	}
}

// aLook divides by the number of looks.
func (s Sample) aLook(n float64) float64 { return n / float64(max(s.Looks, 1)) }

func (s Sample) aSecond(n float64) float64 { return n / s.Took.Seconds() }

// expected is how many looks a second there should be.
func (s Sample) expected() float64 { return float64(s.Open) / every.Seconds() }

// String is for people who wait.
func (s Sample) String() string {
	return fmt.Sprintf("%d open: %.2f cores (%.2f beside), %d MiB, %.1f looks/s of %.1f (%d failed), lag %s ms, look %s ms, %.0f requests/s, %.2f requests and %.1f KiB a look, %.0f allocations and %.1f KiB written a look, the database grew %.1f KiB a look, %d profiles learned",
		s.Open, s.Cores, s.Beside, s.Memory>>20, s.aSecond(float64(s.Looks)), s.expected(), s.Failed, s.Lag, s.Look,
		s.aSecond(float64(s.Asked.Requests)), s.aLook(float64(s.Asked.Requests)), s.aLook(float64(s.Asked.Bytes))/1024,
		s.aLook(s.Allocations), s.aLook(s.Written)/1024, s.aLook(float64(s.Growth))/1024, s.Learned)
}
