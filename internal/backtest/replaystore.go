package backtest

import (
	"context"
	"sort"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/sources"
)

// replayStore is a metric store during one replay. Every look queries the same
// series from the same start, up to a later end. replayStore fetches them once, up to
// the end of the bake, and returns to each look the samples until its own end. An
// error of the store is returned for the rest of the replay as well.
type replayStore struct {
	gather.Ranger
	until time.Time
	mu    sync.Mutex
	cache map[rangeKey]rangeResult
}

// rangeKey is a range query without its end.
type rangeKey struct {
	query sources.Query
	from  int64
}

type rangeResult struct {
	series []sources.Series
	err    error
}

func newReplayStore(r gather.Ranger, until time.Time) *replayStore {
	return &replayStore{Ranger: r, until: until, cache: map[rangeKey]rangeResult{}}
}

// Range returns the fetched series up to w.To. The caller must not change them.
func (r *replayStore) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	if w.To.After(r.until) {
		return r.Ranger.Range(ctx, q, w)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key := rangeKey{q, w.From.UnixNano()}
	a, ok := r.cache[key]
	if !ok {
		a.series, a.err = r.Ranger.Range(ctx, q, sources.Window{From: w.From, To: r.until})
		r.cache[key] = a
	}
	return upTo(a.series, w.To.UnixMilli()), a.err
}

// upTo returns the samples until t, in milliseconds, of the series that have any.
func upTo(all []sources.Series, t int64) []sources.Series {
	cut := make([]sources.Series, 0, len(all))
	for _, s := range all {
		s.Samples = s.Samples[:sort.Search(len(s.Samples), func(i int) bool { return s.Samples[i].T > t })]
		s.Histograms = s.Histograms[:sort.Search(len(s.Histograms), func(i int) bool { return s.Histograms[i].T > t })]
		if len(s.Samples)+len(s.Histograms) > 0 {
			cut = append(cut, s)
		}
	}
	return cut
}
