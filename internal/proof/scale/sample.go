package scale

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/proof/metricstore"
	"github.com/pushback/pushback/internal/proof/program"
)

// Sample is what happened between two moments.
type Sample struct {
	Took      time.Duration
	Cores     float64 // that the program used
	Beside    float64 // cores that the metric store and the senders used
	Memory    int64   // the most that the program used, in bytes
	Open      int     // watches, at the end
	Looks     int
	Failed    int               // of these
	Lag       program.Quantiles // how long after it was due a look began
	Look      program.Quantiles // how long a look took
	Asked     metricstore.Counts
	Learned   int // profiles
	Missing   int // profiles that rules want and that were never learned, at the end
	Allocated int64
}

// moment is where a sample begins.
type moment struct {
	at     time.Time
	used   program.Usage
	own    program.Usage
	asked  metricstore.Counts
	counts program.Metrics
}

func (w *world) now(ctx context.Context) (m moment, err error) {
	m.counts, err = w.Metrics(ctx)
	m.at, m.used, m.own, m.asked = time.Now(), w.Used(), program.OwnUsage(), w.store.Counts()
	return m, err
}

// sample measures for as long as the options say.
func (w *world) sample(ctx context.Context) (Sample, error) {
	w.ResetPeak()
	before, err := w.now(ctx)
	if err != nil {
		return Sample{}, err
	}
	select {
	case <-ctx.Done():
		return Sample{}, ctx.Err()
	case <-time.After(w.For):
	}
	after, err := w.now(ctx)
	return between(before, after), err
}

func between(a, b moment) Sample {
	took, grown := b.at.Sub(a.at), b.counts.Since(a.counts)
	return Sample{
		Took:   took,
		Cores:  (b.used.CPU - a.used.CPU).Seconds() / took.Seconds(),
		Beside: (b.own.CPU - a.own.CPU).Seconds() / took.Seconds(),
		Memory: b.used.Peak,
		Open:   int(b.counts["pushback_watches_open"]),
		Looks:  int(grown.Sum("pushback_looks_total")), Failed: int(grown[`pushback_looks_total{outcome="failed"}`]),
		Lag: grown.Quantiles("pushback_look_lag_seconds"), Look: grown.Quantiles("pushback_look_duration_seconds"),
		Asked:   metricstore.Counts{Requests: b.asked.Requests - a.asked.Requests, Bytes: b.asked.Bytes - a.asked.Bytes},
		Learned: int(grown[`pushback_profiles_total{result="learned"}`]), Missing: int(b.counts["pushback_profiles_missing"]),
		Allocated: int64(grown["go_memstats_alloc_bytes_total"]),
	}
}
