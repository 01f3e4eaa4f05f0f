package gather

import (
	"context"
	"sync"

	"github.com/pushback/pushback/sources"
)

// Shared asks a store every question once: the signals of one look share the
// store's pulse, and those of one histogram its count. It is for one look, and
// keeps what it was told for as long.
func Shared(r Ranger) Ranger { return &shared{Ranger: r, asked: map[question]func() answer{}} }

type shared struct {
	Ranger
	mu    sync.Mutex
	asked map[question]func() answer
}

type question struct {
	query    sources.Query
	from, to int64 // Unix nanoseconds
}

type answer struct {
	series []sources.Series
	err    error
}

// Range gives the answer to the first of equal questions to all of them. They
// must not change it.
func (s *shared) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	key := question{q, w.From.UnixNano(), w.To.UnixNano()}
	s.mu.Lock()
	ask, ok := s.asked[key]
	if !ok {
		ask = sync.OnceValue(func() answer {
			series, err := s.Ranger.Range(ctx, q, w)
			return answer{series, err}
		})
		s.asked[key] = ask
	}
	s.mu.Unlock()
	a := ask()
	return a.series, a.err
}
