package scale

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
)

// Read is how long the answers to one question of the API took.
type Read struct {
	What    string
	Answers program.Quantiles
	Count   int
}

const readEvery = 100 * time.Millisecond

// read asks the API in turn until done is closed.
func (w *world) read(ctx context.Context, done <-chan struct{}) ([]Read, error) {
	key, err := w.anyKey(ctx)
	if err != nil {
		return nil, err
	}
	questions := []question{
		{what: "fifty changes", path: "/v1/changes"},
		{what: "one change, by a prefix of its key", path: "/v1/changes/" + key[:len(key)-2]},
		{what: "a change's page", path: "/changes/" + key},
		{what: "the status", path: "/v1/status"},
	}
	again := time.NewTicker(readEvery)
	defer again.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-done:
			return readsOf(questions), nil
		case <-again.C:
		}
		q, began := &questions[n%len(questions)], time.Now()
		if err := w.Get(ctx, q.path, nil); err != nil {
			return nil, err
		}
		q.took = append(q.took, time.Since(began))
	}
}

// question is a question that is asked again and again.
type question struct {
	what, path string
	took       []time.Duration
}

func readsOf(questions []question) (all []Read) {
	for _, q := range questions {
		all = append(all, Read{q.what, program.QuantilesOf(q.took), len(q.took)})
	}
	return all
}

// anyKey is the key of some change.
func (w *world) anyKey(ctx context.Context) (string, error) {
	var list struct{ Changes []struct{ Key string } }
	if err := w.Get(ctx, "/v1/changes?limit=50", &list); err != nil {
		return "", err
	}
	return list.Changes[len(list.Changes)/2].Key, nil
}
