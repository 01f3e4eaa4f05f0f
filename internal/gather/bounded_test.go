package gather

import (
	"context"
	"errors"
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
