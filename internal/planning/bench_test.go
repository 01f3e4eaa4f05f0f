package planning

import (
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
)

// BenchmarkUnwatched is what intake pays to find that no rule watches an event.
func BenchmarkUnwatched(b *testing.B) {
	f := newFixture(b, nil)
	e := event("batch", "v1", began)
	b.ReportAllocs()
	for b.Loop() {
		if !f.Unwatched(e) {
			b.Fatal("watched")
		}
	}
}

// BenchmarkPlan plans a full batch of watched changes, on disk.
func BenchmarkPlan(b *testing.B) {
	f := newFixture(b, nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		batch := make([]store.Change, maxBatch)
		for n := range batch {
			batch[n] = f.accept("cart-"+version(n), version(i), began.Add(time.Duration(i)*time.Minute))
		}
		b.StartTimer()
		if err := f.planBatch(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*maxBatch)/b.Elapsed().Seconds(), "changes/s")
}
