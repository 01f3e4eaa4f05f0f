package embedded

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// TestReadOnlyBesideTheWriter makes concurrent queries to a read-only store while
// another one has the database open. They return the samples written before it was
// opened, in order or not, and none written later.
func TestReadOnlyBesideTheWriter(t *testing.T) {
	c := Config{Dir: t.TempDir()}
	writer := open(t, c)
	closeAtEnd(t, writer)
	now := time.Now().Truncate(time.Second)
	at := func(ago time.Duration) int64 { return now.Add(-ago).UnixMilli() }
	appended := []sources.Series{
		newSeries("a", sources.Sample{T: at(time.Minute), V: 1}, sources.Sample{T: at(0), V: 2}),
		newSeries("b", sources.Sample{T: at(30 * time.Hour), V: 3}, sources.Sample{T: at(29 * time.Hour), V: 4}),
	}
	if err := writer.Append(t.Context(), appended); err != nil {
		t.Fatal(err)
	}

	s, err := New(metrics.Options{Name: "past", Access: metrics.ReadOnly, Log: slog.New(slog.DiscardHandler)}, c)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, s)
	if err := writer.Append(t.Context(), []sources.Series{newSeries("late", sources.Sample{T: at(0), V: 9})}); err != nil {
		t.Fatal(err)
	}

	want := func(expr string, ago time.Duration) func() error {
		return func() error {
			w := sources.Window{From: now.Add(-ago), To: now.Add(-ago)}
			q := sources.Query{Expr: expr, Step: time.Minute}
			fromWriter, err := writer.Range(t.Context(), q, w)
			if err != nil {
				return err
			}
			fromReader, err := s.Range(t.Context(), q, w)
			if diff := cmp.Diff(fromWriter, fromReader); diff != "" {
				t.Errorf("%s: %s", expr, diff)
			}
			if len(fromReader) == 0 {
				t.Errorf("%s: nothing", expr)
			}
			return err
		}
	}
	var g errgroup.Group
	for range 20 {
		g.Go(want("a", 0))
		g.Go(want("b", 29*time.Hour))
		g.Go(want(`sum_over_time(b[2h])`, 29*time.Hour))
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if late, err := s.Instant(t.Context(), "late", now); err != nil || len(late) > 0 {
		t.Errorf("late: %v, %v", late, err)
	}
	if err := s.Append(t.Context(), appended); err == nil {
		t.Error("a store opened to be read only takes samples")
	}
}
