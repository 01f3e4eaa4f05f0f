package gather

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
)

// Merged asks a store as one what many watches ask at about the same time of many services:
// questions that wait for one another for linger, or ten times as long where they are many, and
// that differ in one label or in their window.
// Each gets from the answer what the store would have answered it alone. What cannot be
// merged, or fails when it is, is asked alone.
//
// See adr/0102.
func Merged(r Ranger, language sources.Merging, linger time.Duration) Ranger {
	return &merged{Ranger: r, linger: linger, splits: newSplitCache(language), most: mostTogether}
}

type merged struct {
	Ranger
	linger  time.Duration
	splits  *splitCache
	mu      sync.Mutex
	waiting []*ask
	most    int // questions that are asked as one: fewer after failures, found again by answers
}

// ask is a question that waits for its answer.
type ask struct {
	ctx    context.Context
	query  sources.Query
	from   int64 // Unix milliseconds; of an instant, its time
	until  int64 // the last whole step
	series []sources.Series
	err    error
	done   chan struct{}
}

// Range waits for questions that it can be merged with.
func (m *merged) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	step := q.Step.Milliseconds()
	if step <= 0 || q.Step%time.Millisecond != 0 || w.To.Before(w.From) {
		return m.Ranger.Range(ctx, q, w)
	}
	from := w.From.UnixMilli()
	return m.wait(ctx, &ask{ctx: ctx, query: q, from: from, until: from + (w.To.UnixMilli()-from)/step*step})
}

// Instant is merged like Range, with others of the same moment.
func (m *merged) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	return m.wait(ctx, &ask{ctx: ctx, query: sources.Query{Expr: expr}, from: at.UnixMilli(), until: at.UnixMilli()})
}

func (m *merged) wait(ctx context.Context, a *ask) ([]sources.Series, error) {
	a.done = make(chan struct{})
	m.mu.Lock()
	if m.waiting = append(m.waiting, a); len(m.waiting) == 1 {
		time.AfterFunc(m.linger, m.lingered)
	}
	m.mu.Unlock()
	select {
	case <-a.done:
		return a.series, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// crowd is how many questions say that more are about to come: many watches look at once, or
// so many are late that their looks no longer begin together. They wait crowdLingers times as long.
const (
	crowd        = 16
	crowdLingers = 10
)

// lingered asks what has gathered, unless it is a crowd.
func (m *merged) lingered() {
	m.mu.Lock()
	crowded := len(m.waiting) >= crowd
	m.mu.Unlock()
	if crowded {
		time.AfterFunc((crowdLingers-1)*m.linger, m.askAll)
		return
	}
	m.askAll()
}

// askAll asks what has gathered.
func (m *merged) askAll() {
	m.mu.Lock()
	asks, most := m.waiting, m.most
	m.waiting = nil
	m.mu.Unlock()
	asks = slices.DeleteFunc(asks, func(a *ask) bool { return a.ctx.Err() != nil })
	for _, b := range m.splits.batches(asks, most) {
		go m.askBatch(b)
	}
}

// askBatch asks one query for a batch. Where that fails, one of its questions may be the
// cause, or their number, and each is asked alone.
func (m *merged) askBatch(b batch) {
	if len(b.asks) == 1 {
		m.askAlone(b.asks[0])
		return
	}
	ctx, cancel := whileAnyWaits(b.asks)
	defer cancel()
	answer, err := m.ask(ctx, b.query(m.splits.language), b.from, b.until)
	if err != nil {
		m.failed(len(b.asks), err)
		for _, a := range b.asks {
			go m.askAlone(a)
		}
		return
	}
	m.answered(len(b.asks))
	for i, part := range b.split(answer) {
		b.asks[i].series = part
		close(b.asks[i].done)
	}
}

func (m *merged) askAlone(a *ask) {
	a.series, a.err = m.ask(a.ctx, a.query, a.from, a.until)
	close(a.done)
}

func (m *merged) ask(ctx context.Context, q sources.Query, from, until int64) ([]sources.Series, error) {
	if q.Step == 0 {
		return m.Ranger.Instant(ctx, q.Expr, time.UnixMilli(from))
	}
	return m.Ranger.Range(ctx, q, sources.Window{From: time.UnixMilli(from), To: time.UnixMilli(until)})
}

// failed halves how many questions are asked as one: a store may take so long for many that it
// gives up. One that is down so comes to be asked each question once. A query that the store cannot
// evaluate says nothing of how many there may be.
func (m *merged) failed(n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if failedUnderLoad(err) {
		m.most = max(1, min(m.most, n/2))
	}
}

func (m *merged) answered(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n >= m.most {
		m.most = min(mostTogether, m.most+m.most/4+1)
	}
}

// whileAnyWaits is a context that ends when nobody waits for the answer any more.
func whileAnyWaits(asks []*ask) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(asks[0].ctx))
	var mu sync.Mutex
	left := len(asks)
	var stops []func() bool
	for _, a := range asks {
		stops = append(stops, context.AfterFunc(a.ctx, func() {
			mu.Lock()
			defer mu.Unlock()
			if left--; left == 0 {
				cancel()
			}
		}))
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}
