package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/sources"
)

// BenchmarkPrune deletes 19,600 of 20,000 old changes while events come in one after the other, and
// reports how long the slowest of a hundred of these took. On a machine that does nothing else, an event takes
// as long as its fsync.
func BenchmarkPrune(b *testing.B) {
	for b.Loop() {
		s := storetest.Open(b, Open)
		seed(b, s, 20_000)
		done, waits := make(chan struct{}), make(chan []time.Duration)
		go func() { waits <- acceptUntil(b, s, done) }()
		began := time.Now()
		p, err := s.Prune(context.Background(), Ages{Before: at(50)})
		b.ReportMetric(time.Since(began).Seconds(), "s/prune")
		close(done)
		took := <-waits
		if err != nil || p.Changes != 19_600 {
			b.Fatalf("%+v, %v", p, err)
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms/event-p99")
		b.ReportMetric(float64(len(took)), "events")
	}
}

// seed stores planned changes of twenty services, a thousand a service.
func seed(b *testing.B, s *Store, n int) {
	b.Helper()
	for i := range n {
		e := deployOf(fmt.Sprint("service", i%20), fmt.Sprint("v", i), 1)
		e.At = at(1).Add(time.Duration(i) * time.Millisecond)
		if _, err := s.AcceptUnwatched(b.Context(), admitted(e), []byte(`{"raw":true}`), e.At); err != nil {
			b.Fatal(err)
		}
	}
}

// acceptUntil sends events one after the other, and returns how long each took.
func acceptUntil(b *testing.B, s *Store, done chan struct{}) (took []time.Duration) {
	for i := 0; ; i++ {
		select {
		case <-done:
			return took
		default:
		}
		began := time.Now()
		e := eventOf(fmt.Sprint("new", i), "v1", sources.Succeeded, 55)
		if _, err := s.Accept(context.Background(), admitted(e), nil, at(55)); err != nil {
			b.Error(err)
			return took
		}
		took = append(took, time.Since(began))
	}
}
