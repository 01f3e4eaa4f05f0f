package gather

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/sources"
)

// slow answers after a second, and counts what it is asked.
type slow struct {
	carrying
	ranges, instants atomic.Int64
	fault            error
}

func (s *slow) Range(ctx context.Context, q sources.Query, _ sources.Window) ([]sources.Series, error) {
	s.ranges.Add(1)
	return s.answer(ctx, q.Expr)
}

func (s *slow) Instant(ctx context.Context, expr string, _ time.Time) ([]sources.Series, error) {
	s.instants.Add(1)
	return s.answer(ctx, expr)
}

func (s *slow) answer(ctx context.Context, expr string) ([]sources.Series, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Second):
		return []sources.Series{{Labels: map[string]string{"expr": expr}}}, s.fault
	}
}

func TestWatchesShareARequest(t *testing.T) {
	f := func(name string, want int64, ask func(t *testing.T, r Ranger, at func(seconds float64) time.Time)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := time.Now()
				s := &slow{}
				ask(t, ShareRecent(s, 2*time.Second, time.Now), func(seconds float64) time.Time {
					return from.Add(time.Duration(seconds * float64(time.Second)))
				})
				synctest.Wait()
				if got := s.ranges.Load() + s.instants.Load(); got != want {
					t.Errorf("%d requests, want %d", got, want)
				}
			})
		})
	}
	query := func(t *testing.T, r Ranger, expr string, from, to time.Time) {
		series, err := r.Range(t.Context(), sources.Query{Expr: expr, Step: 15 * time.Second}, sources.Window{From: from, To: to})
		if err != nil || len(series) != 1 || series[0].Labels["expr"] != expr {
			t.Errorf("%v, %v", series, err)
		}
	}
	f("at once", 1, func(t *testing.T, r Ranger, at func(float64) time.Time) {
		for range 16 {
			go query(t, r, "x", at(0), at(60))
		}
		time.Sleep(time.Minute)
	})
	f("within a step", 1, func(t *testing.T, r Ranger, at func(float64) time.Time) {
		query(t, r, "x", at(0), at(60))
		query(t, r, "x", at(0), at(60.3))
	})
	f("a step later", 2, func(t *testing.T, r Ranger, at func(float64) time.Time) {
		query(t, r, "x", at(0), at(59))
		query(t, r, "x", at(0), at(60))
	})
	f("from elsewhere", 2, func(t *testing.T, r Ranger, at func(float64) time.Time) {
		query(t, r, "x", at(0), at(60))
		query(t, r, "x", at(5), at(65))
	})
	f("something else", 2, func(t *testing.T, r Ranger, at func(float64) time.Time) {
		query(t, r, "x", at(0), at(60))
		query(t, r, "y", at(0), at(60))
	})
	f("too late to be the same time", 2, func(t *testing.T, r Ranger, at func(float64) time.Time) {
		query(t, r, "x", at(0), at(60))
		time.Sleep(3 * time.Second)
		query(t, r, "x", at(0), at(60))
	})
	f("instants", 2, func(t *testing.T, r Ranger, at func(float64) time.Time) {
		for _, seconds := range []float64{0, 0, 1} {
			if _, err := r.Instant(t.Context(), "x", at(seconds)); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestSharedFailures: who waited for a failure gets it, who comes after it
// asks anew, and nobody is called off with another.
func TestSharedFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{fault: errors.New("down")}
		r := ShareRecent(s, time.Minute, time.Now)
		var failed atomic.Int64
		ask := func(ctx context.Context) {
			if _, err := r.Instant(ctx, "x", time.Time{}); err != nil {
				failed.Add(1)
			}
		}
		for range 3 {
			go ask(t.Context())
		}
		time.Sleep(2 * time.Second)
		if s.instants.Load() != 1 || failed.Load() != 3 {
			t.Errorf("%d requests, %d failures; want one request and three failures", s.instants.Load(), failed.Load())
		}
		s.fault = nil
		ctx, cancel := context.WithCancel(t.Context())
		go ask(ctx)
		synctest.Wait()
		go ask(t.Context())
		synctest.Wait()
		cancel()
		time.Sleep(2 * time.Second)
		if s.instants.Load() != 3 || failed.Load() != 4 {
			t.Errorf("%d requests, %d failures; want another request for who was not called off", s.instants.Load(), failed.Load())
		}
	})
}
