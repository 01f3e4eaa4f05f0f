package store

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/pushback/pushback/sources"
)

type job struct{ N int }

func (job) Kind() string { return "test" }

// besideJobs starts a river client on the store's one writing connection and
// gives it jobs; each job sends on done.
func besideJobs(t testing.TB, s *Store, jobs int) (done <-chan struct{}) {
	t.Helper()
	finished := make(chan struct{}, jobs)
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[job]) error {
		finished <- struct{}{}
		return nil
	}))
	client, err := river.NewClient(riversqlite.New(s.DB()), &river.Config{
		Logger: slog.New(slog.DiscardHandler), Workers: workers,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 8}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.StopAndCancel(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for n := range jobs {
		if _, err := client.Insert(t.Context(), job{N: n}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return finished
}

func TestIntakeBesideJobs(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "jobs.db"))
	const n = 50
	done := besideJobs(t, s, n)
	for i := range n {
		accept(t, s, eventOf(fmt.Sprint("c", i), fmt.Sprint("v", i), sources.Started, i))
	}
	for range n {
		select {
		case <-done:
		case <-t.Context().Done():
			t.Fatal("jobs were starved")
		}
	}
}

// BenchmarkAcceptBesideJobs measures how long intake and reads take while river
// works on the same file.
func BenchmarkAcceptBesideJobs(b *testing.B) {
	s := openFile(b, filepath.Join(b.TempDir(), "jobs.db"))
	besideJobs(b, s, 2*b.N)
	var accepts, reads []time.Duration
	for i := range b.N {
		began := time.Now()
		accept(b, s, eventOf(fmt.Sprint("c", i), fmt.Sprint("v", i), sources.Started, i%59))
		accepts = append(accepts, time.Since(began))
		began = time.Now()
		if _, err := s.UnplannedChanges(b.Context(), UnplannedPage{}, 1000); err != nil {
			b.Fatal(err)
		}
		reads = append(reads, time.Since(began))
	}
	for name, waits := range map[string][]time.Duration{"accept": accepts, "read": reads} {
		slices.Sort(waits)
		b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, name+"-p50-ms")
		b.ReportMetric(float64(waits[len(waits)-1].Microseconds())/1000, name+"-max-ms")
	}
}
