package gather

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics/promql"
)

// A query that the store cannot answer for many is asked for each alone, and then for fewer.
func TestWhatFailsTogetherIsAskedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &counting{Ranger: &slow{}, refuse: func(expr string) error {
			if strings.Contains(expr, "unknown") {
				return &sources.Fault{Kind: sources.SourceError, Store: "prod", Err: errors.New("no such function"), Refused: true}
			}
			if strings.Count(expr, "|") > 2 || strings.Contains(expr, "bad") {
				return &sources.Fault{Kind: sources.SourceError, Store: "prod", Err: errors.New("too many series")}
			}
			return nil
		}}
		r := Merged(store, promql.Language{}, time.Millisecond)
		now := time.Now()
		ask := func(names ...string) (failed int) {
			var questions []drawnQuestion
			for _, name := range names {
				questions = append(questions, drawnQuestion{sources.Query{Expr: fmt.Sprintf("up{service=%q}", name), Step: time.Second}, sources.Window{From: now, To: now}})
			}
			for _, a := range askTogether(t, r, questions) {
				if a.err != nil {
					failed++
				}
			}
			return failed
		}
		six := []string{"a", "b", "c", "d", "e", "f"}
		f := func(when string, requests int64, failed int, names ...string) {
			t.Helper()
			before := store.requests.Load()
			if got := ask(names...); got != failed || store.requests.Load()-before != requests {
				t.Errorf("%s: %d requests, of %d questions %d failed; want %d and %d", when, store.requests.Load()-before, len(names), got, requests, failed)
			}
		}
		f("too many", 1+6, 0, six...)
		f("half of them", 2, 0, six...)
		f("one that the store cannot evaluate", 1+2, 1, "a", "unknown")
		f("three, after that", 1, 0, "a", "b", "c")
		f("one is bad", 1+2, 1, "a", "bad")
		f("one at a time", 2, 0, "a", "b")
	})
}

// Nobody waits for a question whose look was given up, and one that is given up takes nothing
// from the others.
func TestMergedQuestionsEndWithTheirLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &counting{Ranger: &slow{}}
		r := Merged(store, promql.Language{}, time.Millisecond)
		now := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		for i, c := range []context.Context{ctx, t.Context()} {
			go func() {
				_, err := r.Range(c, sources.Query{Expr: fmt.Sprintf(`up{service="s%d"}`, i), Step: time.Second}, sources.Window{From: now, To: now})
				ended <- err
			}()
		}
		time.Sleep(10 * time.Millisecond)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || time.Since(now) > 20*time.Millisecond {
			t.Errorf("a question that was given up ended after %s with %v", time.Since(now), err)
		}
		if err := <-ended; err != nil || store.requests.Load() != 1 {
			t.Errorf("the other one: %v, after %d requests", err, store.requests.Load())
		}
	})
}

// Where many ask within a moment, more are about to come, and all are asked at once. A few are not
// kept waiting.
func TestACrowdIsAskedTogether(t *testing.T) {
	f := func(questions int, apart, longest time.Duration, requests int64) {
		synctest.Test(t, func(t *testing.T) {
			store := &counting{Ranger: &slow{}} // answers after a second
			r := Merged(store, promql.Language{}, 10*time.Millisecond)
			now := time.Now()
			var all sync.WaitGroup
			for i := range questions {
				all.Go(func() {
					time.Sleep(time.Duration(i) * apart)
					asked := time.Now()
					askOne(t, r, drawnQuestion{sources.Query{Expr: fmt.Sprintf(`up{service="s%d"}`, i), Step: time.Second}, sources.Window{From: now, To: now}})
					if waited := time.Since(asked) - time.Second; waited > longest {
						t.Errorf("question %d of %d waited for %s", i, questions, waited)
					}
				})
			}
			all.Wait()
			if n := store.requests.Load(); n != requests {
				t.Errorf("%d questions, %s apart: %d requests, want %d", questions, apart, n, requests)
			}
		})
	}
	f(10, 7*time.Millisecond, 10*time.Millisecond, 5)
	f(180, 500*time.Microsecond, 100*time.Millisecond, 1)
}
