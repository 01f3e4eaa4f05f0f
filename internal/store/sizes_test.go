package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/watch"
)

// sizesAndGrowth measures twice, a day apart, with more in between.
func sizesAndGrowth(t *testing.T, s *Store) {
	z, err := s.Sizes(t.Context())
	if err != nil || z.Bytes == 0 || !z.MeasuredAt.IsZero() || len(z.Kinds) != 0 {
		t.Fatalf("before anything was measured: %+v, %v", z, err)
	}
	for i := range 5 {
		whole(t, s, "cart", string(rune('a'+i)), i+1, watch.Healthy, false)
	}
	ages := Ages{Before: at(30), JournalBefore: at(4)}
	if err := s.MeasureSizes(t.Context(), at(0), ages); err != nil {
		t.Fatal(err)
	}
	if z, err = s.Sizes(t.Context()); err != nil || !z.MeasuredAt.Equal(at(0)) || z.PerDay != 0 || z.Next.Changes != 3 || z.Next.Entries != 6 {
		t.Errorf("measured once: %+v, %v", z, err)
	}
	for i := range 300 {
		if err := s.Append(t.Context(), Entry{At: at(50), Action: "test", Detail: []byte(fmt.Sprintf("%q", randomText(i)[:2000]))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.MeasureSizes(t.Context(), at(1), ages); err != nil {
		t.Fatal(err)
	}
	if z, err = s.Sizes(t.Context()); err != nil || !z.MeasuredAt.Equal(at(1)) || z.PerDay != 0 {
		t.Errorf("measured twice in an hour: %+v, %v", z, err)
	}
	if err := s.MeasureSizes(t.Context(), at(0).Add(48*time.Hour), ages); err != nil {
		t.Fatal(err)
	}
	z, err = s.Sizes(t.Context())
	if err != nil || len(z.Kinds) < 7 || z.Kinds[0].Kind != "journal" || z.Kinds[0].PerDay < 200_000 || z.Kinds[0].PerDay > 500_000 {
		t.Fatalf("measured twice: %+v, %v", z, err)
	}
	sum, growth := int64(0), int64(0)
	for _, k := range z.Kinds {
		sum, growth = sum+k.Bytes, growth+k.PerDay
	}
	if sum > z.Bytes || sum < 600_000 || growth != z.PerDay { // PostgreSQL's catalogue is many times as large
		t.Errorf("the kinds are %d bytes of %d, and grow by %d of %d", sum, z.Bytes, growth, z.PerDay)
	}
	// The first measurements are too old.
	later := at(10).Add(sizesKept)
	if err := s.MeasureSizes(t.Context(), later, ages); err != nil {
		t.Fatal(err)
	}
	if z, err = s.Sizes(t.Context()); err != nil || z.PerDay != 0 || !z.MeasuredAt.Equal(later) {
		t.Errorf("after three months: %+v, %v", z, err)
	}
	times, err := collect(t.Context(), s.read, scanText, `SELECT DISTINCT CAST(at AS TEXT) FROM sizes`)
	if err != nil || len(times) != 2 {
		t.Errorf("measurements of %v, %v", times, err)
	}
}
