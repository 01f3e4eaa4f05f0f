package gather

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
)

// ShareAll asks a store every question once and keeps all answers. It is for the replay of
// one change, whose signals share the store's pulse, and a histogram's its count.
func ShareAll(r Ranger) Ranger {
	return &shared{Ranger: r, asked: map[question]*answer{}}
}

// ShareRecent asks a store every question once for all who ask at about the same time. It is
// for many watches, and keeps an answer no longer than keep, by the given clock, so that the
// next look finds samples that came late.
func ShareRecent(r Ranger, keep time.Duration, now func() time.Time) Ranger {
	return &shared{Ranger: r, keep: keep, now: now, asked: map[question]*answer{}}
}

type shared struct {
	Ranger
	keep  time.Duration
	now   func() time.Time // nil: answers are kept for good
	mu    sync.Mutex
	asked map[question]*answer
	swept time.Time // when old answers were forgotten
}

// question is the key of an answer. A range is evaluated at whole steps from its beginning,
// so that two looks within one step ask the same question.
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

// Range answers equal questions by one request. Callers must not change the answer.
func (s *shared) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	if q.Step <= 0 {
		return s.Ranger.Range(ctx, q, w)
	}
	key := question{q, w.From.UnixNano(), int64(w.To.Sub(w.From) / q.Step)}
	return s.askOnce(ctx, key, func() ([]sources.Series, error) { return s.Ranger.Range(ctx, q, w) })
}

// Instant is shared like Range.
func (s *shared) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	key := question{sources.Query{Expr: expr}, at.UnixNano(), -1}
	return s.askOnce(ctx, key, func() ([]sources.Series, error) { return s.Ranger.Instant(ctx, expr, at) })
}

// askOnce asks, or waits for the request that is under way. A failure is returned to those
// who waited, and the next caller asks again. Where the asking caller was cancelled, the
// others ask again.
func (s *shared) askOnce(ctx context.Context, key question, ask func() ([]sources.Series, error)) ([]sources.Series, error) {
	a, first := s.join(key)
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
		return s.askOnce(ctx, key, ask)
	}
	return a.series, a.err
}

// join returns the answer to a question, and whether the caller must ask for it.
func (s *shared) join(key question) (a *answer, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Time{}
	if s.now != nil {
		now = s.now()
		s.sweep(now)
	}
	if a, ok := s.asked[key]; ok && !s.old(a, now) {
		return a, false
	}
	a = &answer{at: now, done: make(chan struct{})}
	s.asked[key] = a
	return a, true
}

// old reports whether an answer is not shared any more.
func (s *shared) old(a *answer, now time.Time) bool {
	return s.now != nil && now.Sub(a.at) > s.keep && a.isDone()
}

// sweep forgets old answers once in the time that they are kept: each question that looked
// through all of them would make the cost grow with their square.
func (s *shared) sweep(now time.Time) {
	if now.Sub(s.swept) > s.keep {
		maps.DeleteFunc(s.asked, func(_ question, a *answer) bool { return s.old(a, now) })
		s.swept = now
	}
}

func (a *answer) isDone() bool {
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
