package gather

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/sources"
)

func TestBoundedAsksInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		r := Bounded(s, 2, time.Now)
		began := time.Now()
		done := make(chan time.Duration, 4)
		for range 4 {
			go func() {
				_, _ = r.Range(t.Context(), sources.Query{Expr: "x"}, sources.Window{})
				done <- time.Since(began)
			}()
		}
		for i, want := range []int{1, 1, 2, 2} {
			if got := <-done; got != time.Duration(want)*time.Second {
				t.Errorf("answer %d came after %s, want %d s", i, got, want)
			}
		}
	})
}

func TestBoundedGivesUpWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Bounded(&slow{}, 1, time.Now)
		go func() { _, _ = r.Instant(t.Context(), "x", time.Now()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := r.Heartbeat(ctx, time.Now()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting ended with %v", err)
		}
		time.Sleep(time.Second) // the first is answered
	})
}

// tiring is a store that answers well as long as it is asked few questions at once.
type tiring struct {
	carrying
	well  int // at once
	now   atomic.Int64
	most  atomic.Int64
	fails bool // where it is asked more: it fails, and otherwise it is slow
}

func (s *tiring) Range(ctx context.Context, _ sources.Query, _ sources.Window) ([]sources.Series, error) {
	n := s.now.Add(1)
	defer s.now.Add(-1)
	s.most.Store(max(s.most.Load(), n))
	takes := 100 * time.Millisecond
	if n > int64(s.well) && !s.fails {
		takes = 10 * time.Second
	}
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if n > int64(s.well) && s.fails {
		return nil, &sources.Fault{Kind: sources.SourceError, Store: "prod", Err: errors.New("503")}
	}
	return nil, nil
}

// keepAsking asks as many questions at once as there may be, for so long.
func keepAsking(r Ranger, d time.Duration) {
	until := time.Now().Add(d)
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			for time.Now().Before(until) {
				_, _ = r.Range(context.Background(), sources.Query{Expr: "x"}, sources.Window{})
			}
		})
	}
	all.Wait()
}

// The number of questions at once comes to what a store takes well, and stays about there.
func TestBoundIsFound(t *testing.T) {
	f := func(name string, well int, fails bool, setting, least, most int64) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &tiring{well: well, fails: fails}
				var store Ranger = s
				if setting > 0 {
					store = set{s, int(setting)}
				}
				r := Bounded(store, mostAtOnce, time.Now)
				keepAsking(r, time.Minute)
				s.most.Store(0)
				keepAsking(r, time.Minute)
				if got := s.most.Load(); got < least || got > most {
					t.Errorf("it was asked up to %d questions at once, want %d to %d", got, least, most)
				}
			})
		})
	}
	f("one that fails beyond 20", 20, true, 0, 20, 40)
	f("one that is slow beyond 20", 20, false, 0, 20, 40)
	f("one that takes but one", 1, true, 0, 2, 8)
	f("one that takes all", 1000, true, 0, mostAtOnce, mostAtOnce)
	f("one that may be asked three", 1000, true, 3, 3, 3)
}

type set struct {
	*tiring
	most int
}

func (s set) MaxQueries() int { return s.most }

// What the store cannot evaluate says nothing of its load.
func TestRefusedQueriesLowerNoBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Bounded(&slow{fault: &sources.Fault{Kind: sources.SourceError, Refused: true, Err: errors.New("no such function")}}, mostAtOnce, time.Now).(*bounded)
		keepAsking(b, 30*time.Second)
		if b.limit < firstAtOnce {
			t.Errorf("the bound is at %g", b.limit)
		}
	})
}
