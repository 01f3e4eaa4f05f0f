package backtest

import (
	"context"
	"sort"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/sources"
)

// recall is a metric store during one replay. Every look of it asks for the
// same series from the same moment on, each time a tick further: they are
// fetched once, to the end of the bake, and each look is shown what was there
// by its own time. A store that fails once has failed for the whole replay.
type recall struct {
	gather.Ranger
	until time.Time
	mu    sync.Mutex
	kept  map[question]answer
}

// question is a Range without its end.
type question struct {
	query sources.Query
	from  int64
}

type answer struct {
	series []sources.Series
	err    error
}

func recalling(r gather.Ranger, until time.Time) *recall {
	return &recall{Ranger: r, until: until, kept: map[question]answer{}}
}

// Range answers from what was fetched before, cut at w.To. What it gives must
// not be changed.
func (r *recall) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	if w.To.After(r.until) {
		return r.Ranger.Range(ctx, q, w)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := question{q, w.From.UnixNano()}
	a, ok := r.kept[asked]
	if !ok {
		a.series, a.err = r.Ranger.Range(ctx, q, sources.Window{From: w.From, To: r.until})
		r.kept[asked] = a
	}
	return seenBy(a.series, w.To.UnixMilli()), a.err
}

// seenBy leaves out every sample later than t, and every series without one.
func seenBy(all []sources.Series, t int64) []sources.Series {
	seen := make([]sources.Series, 0, len(all))
	for _, s := range all {
		s.Samples = s.Samples[:sort.Search(len(s.Samples), func(i int) bool { return s.Samples[i].T > t })]
		s.Histograms = s.Histograms[:sort.Search(len(s.Histograms), func(i int) bool { return s.Histograms[i].T > t })]
		if len(s.Samples)+len(s.Histograms) > 0 {
			seen = append(seen, s)
		}
	}
	return seen
}
