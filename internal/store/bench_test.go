package store

import (
	"database/sql"
	"fmt"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/sources"
)

// BenchmarkAccept stores deploys that deploy tools report at the same time, in turn of some
// slots. Besides events/s it reports how long the processors worked for an event, which
// another program on the machine does not change.
func BenchmarkAccept(b *testing.B) {
	benchmarkIntake(b, func(b *testing.B) *Store { return storetest.Open(b, Open) })
}

func benchmarkIntake(b *testing.B, open func(*testing.B) *Store) {
	for _, by := range []struct{ callers, slots int }{{1, 100}, {16, 100}, {256, 1}, {256, 100}, {256, 10_000}} {
		b.Run(fmt.Sprintf("callers=%d/slots=%d", by.callers, by.slots), func(b *testing.B) {
			benchmarkAccept(b, open(b), by.callers, by.slots)
		})
	}
}

func benchmarkAccept(b *testing.B, s *Store, callers, slots int) {
	var g errgroup.Group
	g.SetLimit(callers)
	b.ReportAllocs()
	b.ResetTimer()
	before := computed(b)
	for i := range b.N {
		g.Go(func() error {
			e := eventOf(fmt.Sprint("c", i), fmt.Sprint("v", i), sources.Succeeded, 1)
			e.At = at(0).Add(time.Duration(i) * time.Millisecond)
			e.Service = fmt.Sprint("service-", i%slots)
			_, err := s.AcceptUnwatched(b.Context(), admitted(e), []byte(`{"raw":true}`), now.Add(time.Hour))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64((computed(b)-before).Microseconds())/float64(b.N), "cpu-µs/event")
}

// computed is how long the processors have worked for this process.
func computed(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkPutProfile replaces one profile of many.
func BenchmarkPutProfile(b *testing.B) {
	for _, kept := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("kept=%d", kept), func(b *testing.B) {
			s := storetest.Open(b, Open)
			manyProfiles(b, s, kept)
			b.ResetTimer()
			for i := range b.N {
				if _, err := s.PutProfile(b.Context(), fmt.Sprint("name-", i%kept), detector.Profile{Ticks: kept + i}, at(2)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// manyProfiles stores profiles of the size that is usual, each under a name of its own.
func manyProfiles(t testing.TB, s *Store, n int) {
	t.Helper()
	err := s.transact(t.Context(), func(tx *sql.Tx) error {
		for i := range n {
			hash := fmt.Sprintf("%064x", i)
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO profiles (hash, body, used, at) VALUES ($1, $2, FALSE, $3)`, hash, make([]byte, detector.KeptSize), micros(at(1))); err != nil {
				return err
			}
			if _, err := tx.ExecContext(t.Context(), `INSERT INTO profile_names (name, hash, at) VALUES ($1, $2, $3)`, fmt.Sprint("name-", i), hash, micros(at(1))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
