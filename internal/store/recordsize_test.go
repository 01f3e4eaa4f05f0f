package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pushback/pushback/internal/store/storetest"
)

// TestBytesOfALongWatch holds a watch of 20 signals and 960 ticks, whose numbers have noise in
// every digit, to a megabyte; internal/engine holds a change with 5 signals to its budget.
func TestBytesOfALongWatch(t *testing.T) {
	s := storetest.Open(t, Open)
	w, r := planned(t, s), rand.New(rand.NewPCG(7, 8))
	before := fileSize(t, s)
	var want []look
	var l look
	whole := 0
	for i := range 960 {
		l = drawnLook(r, 20, i, l)
		storeLook(t, s, &w, l)
		want = append(want, l)
		if i%96 == 0 {
			text, err := encode(l)
			if err != nil {
				t.Fatal(err)
			}
			whole += 96 * len(text)
		}
	}
	t.Logf("%d bytes if each were stored whole, as JSON", whole)
	if size := fileSize(t, s) - before; size > 1<<20 {
		t.Errorf("%d bytes for 960 looks at 20 signals", size)
	} else {
		t.Logf("%d bytes for 960 looks at 20 signals", size)
	}
	got, err := s.Records(t.Context(), w.ID)
	if err != nil || len(got) != 960 {
		t.Fatal(len(got), err)
	}
	for i := 0; i < 960; i += 53 {
		equalLook(t, look{At: got[i].At, Verdict: got[i].Verdict, Observation: got[i].Observation}, want[i])
	}
}

// fileSize is the size of the database without free pages, in bytes.
func fileSize(t testing.TB, s *Store) (size int64) {
	t.Helper()
	err := s.write.QueryRowContext(t.Context(), `SELECT (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size())
		- (SELECT freelist_count FROM pragma_freelist_count()) * (SELECT page_size FROM pragma_page_size())`).Scan(&size)
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// BenchmarkLook packs the 30th look at 5 signals, and the 960th at 20.
func BenchmarkLook(b *testing.B) {
	for _, c := range []struct{ signals, looks int }{{5, 30}, {20, 960}} {
		b.Run(fmt.Sprintf("%dx%d", c.signals, c.looks), func(b *testing.B) {
			s := storetest.Open(b, Open)
			w, r := planned(b, s), rand.New(rand.NewPCG(7, 8))
			var l look
			for i := range c.looks {
				l = drawnLook(r, c.signals, i, l)
				storeLook(b, s, &w, l)
			}
			next := drawnLook(r, c.signals, c.looks, l)
			kept := *s.tails.all[w.ID]
			prepare := func(b *testing.B, before func()) {
				for b.Loop() {
					before()
					if _, err := s.prepareRecord(context.Background(), w, Record{At: next.At, Verdict: next.Verdict, Observation: next.Observation}); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.Run("write", func(b *testing.B) {
				prepare(b, func() { one := kept; one.without = kept.without.Clone(); s.tails.put(w.ID, &one) })
			})
			b.Run("write after a restart", func(b *testing.B) { prepare(b, func() { s.tails.forget(w.ID) }) })
			b.Run("last", func(b *testing.B) {
				for b.Loop() {
					if _, err := s.LastRecord(context.Background(), w.ID); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("all", func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Records(context.Background(), w.ID); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
