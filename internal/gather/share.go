package gather

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
)

// Shared asks a store every question once, and keeps what it was told for as
// long as it lives: for the replay of one change. The signals of one look share
// the store's pulse, and those of one histogram its count.
func Shared(r Ranger) Ranger {
	return &shared{Ranger: r, asked: map[question]*answer{}}
}

// Brief asks a store every question once among those who ask at the same time.
// It is for many watches, and keeps an answer for no longer than keep, by the
// clock it is given: a sample may come late, and the next look is to see it.
func Brief(r Ranger, keep time.Duration, now func() time.Time) Ranger {
	return &shared{Ranger: r, keep: keep, now: now, asked: map[question]*answer{}}
}

type shared struct {
	Ranger
	keep  time.Duration
	now   func() time.Time // nil: answers are kept for good
	mu    sync.Mutex
	asked map[question]*answer
}

// question is equal where answers are. A range is answered at whole steps from
// its beginning, so that two looks within one step ask the same.
type question struct {
	query sources.Query
	from  int64 // Unix nanoseconds
	steps int64 // −1: an instant
}

// answer is one request, under way until done is closed.
type answer struct {
	at     time.Time
	done   chan struct{}
	series []sources.Series
	err    error
}

// Range gives the answer to the first of equal questions to all of them. They
// must not change it.
func (s *shared) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	if q.Step <= 0 {
		return s.Ranger.Range(ctx, q, w)
	}
	key := question{q, w.From.UnixNano(), int64(w.To.Sub(w.From) / q.Step)}
	return s.once(ctx, key, func() ([]sources.Series, error) { return s.Ranger.Range(ctx, q, w) })
}

// Instant is shared like Range.
func (s *shared) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	key := question{sources.Query{Expr: expr}, at.UnixNano(), -1}
	return s.once(ctx, key, func() ([]sources.Series, error) { return s.Ranger.Instant(ctx, expr, at) })
}

// once asks, or waits for who has asked. A brief failure is for those who
// waited; the next asks anew. Where whoever asked was called off, the others
// were not.
func (s *shared) once(ctx context.Context, key question, ask func() ([]sources.Series, error)) ([]sources.Series, error) {
	a, first := s.claim(key)
	if first {
		a.series, a.err = ask()
		close(a.done)
		if a.err != nil && (s.now != nil || errors.Is(a.err, context.Canceled)) {
			s.forget(key, a)
		}
		return a.series, a.err
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if errors.Is(a.err, context.Canceled) && ctx.Err() == nil {
		return s.once(ctx, key, ask)
	}
	return a.series, a.err
}

// claim gives the answer to a question, and whether the caller is to find it.
func (s *shared) claim(key question) (a *answer, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Time{}
	if s.now != nil {
		now = s.now()
		maps.DeleteFunc(s.asked, func(_ question, a *answer) bool { return now.Sub(a.at) > s.keep && a.over() })
	}
	if a, ok := s.asked[key]; ok {
		return a, false
	}
	a = &answer{at: now, done: make(chan struct{})}
	s.asked[key] = a
	return a, true
}

func (a *answer) over() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

func (s *shared) forget(key question, a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked[key] == a {
		delete(s.asked, key)
	}
}
