package embedded

import (
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// TestRecordAndEnd: what is recorded is read at once, the end of a series too, and after it the
// series goes on.
func TestRecordAndEnd(t *testing.T) {
	s := open(t, Config{})
	closeAtEnd(t, s)
	begin := time.Now().Truncate(time.Second).Add(-time.Minute)
	at := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	record := func(seconds int, v float64) []sources.Series {
		sample := sources.Sample{T: at(seconds).UnixMilli(), V: v}
		return []sources.Series{newSeries("a_total", sample), newSeries("b_total", sample)}
	}
	want := func(seconds, series int) {
		t.Helper()
		got, err := s.Instant(t.Context(), `{job="shop"}`, at(seconds))
		if err != nil || len(got) != series {
			t.Errorf("after %d s: %d series, %v; want %d", seconds, len(got), err, series)
		}
	}
	for _, step := range []func() error{
		func() error { return s.Record(t.Context(), record(0, 1)) },
		func() error { return s.Record(t.Context(), record(10, 2)) },
		func() error { return s.End(t.Context(), at(20), record(10, 2)) },
		func() error { return s.Record(t.Context(), record(40, 3)) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	want(19, 2)
	want(20, 0)
	want(39, 0)
	want(41, 2)

	// One sample that the store refuses leaves nothing of the others.
	refused := []sources.Series{newSeries("new_total", sources.Sample{T: at(50).UnixMilli(), V: 1}), {Samples: []sources.Sample{{T: at(50).UnixMilli()}}}}
	if err := s.Record(t.Context(), refused); err == nil {
		t.Error("a series without a name was recorded")
	}
	want(51, 2)
}
