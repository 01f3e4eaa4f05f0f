package profiles

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestLearningRests: whoever learns takes turns, and a quarter of the time.
func TestLearningRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := New(Options{Now: time.Now})
		began := time.Now()
		step := func(takes time.Duration) {
			if err := k.inTurn(t.Context(), func() error { time.Sleep(takes); return nil }); err != nil {
				t.Error(err)
			}
		}
		for range 5 {
			go step(100 * time.Millisecond)
		}
		synctest.Wait()
		time.Sleep(time.Hour)
		synctest.Wait()
		step(0)
		if ended := k.restUntil.Sub(began); ended < time.Hour {
			t.Errorf("a step is not done after an hour: %s", ended)
		}

		began = time.Now()
		for range 5 {
			step(100 * time.Millisecond)
		}
		if took := time.Since(began); took != 5*100*time.Millisecond+4*300*time.Millisecond {
			t.Errorf("five steps of 100 ms took %s, want three times as long of rest between them", took)
		}
		step(time.Minute)
		began = time.Now()
		step(0)
		if took := time.Since(began); took != maxRest {
			t.Errorf("after a step of a minute, the next waits %s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		step(time.Minute)
		time.AfterFunc(time.Second, cancel)
		if err := k.inTurn(ctx, func() error { t.Error("learned after the end"); return nil }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestPassIsSpread: services have moments all over the pass, each always the same.
func TestPassIsSpread(t *testing.T) {
	t.Parallel()
	var inHour [4]int
	for i := range 4000 {
		binding := fmt.Sprint("red\x00service-", i, "\x00production\x00")
		after := momentOf(binding, began).Sub(began)
		if after < 0 || after >= spreadOver || after != momentOf(binding, began).Sub(began) {
			t.Fatalf("%q is learned %s after the pass began", binding, after)
		}
		inHour[after/time.Hour]++
	}
	for hour, n := range inHour {
		if n < 800 || n > 1200 {
			t.Errorf("%d of 4000 in hour %d", n, hour)
		}
	}
	if at := momentOf("red", time.Time{}); !at.IsZero() {
		t.Errorf("the first pass waits until %s", at)
	}
}

// TestOneRequestOfManyWatches: a query is learned once, however many watches ask, and not at all
// if somebody else has learned it since.
func TestOneRequestOfManyWatches(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Learned = func(time.Duration, error) {}
	for i := range 5 {
		b.watch.ID = fmt.Sprint("w", i)
		b.now = b.now.Add(2 * requestRetry)
		b.look(0, "before anything is learned")
	}
	if n := b.Pending(); n != 1 {
		t.Errorf("%d requests of five watches with one query", n)
	}
	// The bench has no metric store: to learn would fail.
	b.learnElsewhere(1, began)
	if err := b.LearnPending(t.Context()); err != nil {
		t.Errorf("learned again what another replica has learned: %v", err)
	}
	b.look(1, "what another replica has learned")

	b.watch.Profiles, b.watch.BaseAt = nil, began.Add(2*FreshFor)
	b.look(1, "a stale one")
	b.now = b.now.Add(2 * requestRetry)
	b.look(1, "a stale one")
	if n := b.Pending(); n != 1 {
		t.Fatalf("%d requests for a fresh profile", n)
	}
	if b.LearnPending(t.Context()) == nil {
		t.Error("nothing was learned in place of a stale profile")
	}
	b.look(1, "after a failure")
	if n := b.Pending(); n != 0 {
		t.Error("requested again at once after a failure")
	}
	b.now = b.now.Add(2 * requestRetry)
	b.look(1, "a while after a failure")
	if n := b.Pending(); n != 1 {
		t.Error("not requested again after a failure")
	}
}
