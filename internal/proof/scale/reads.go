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
	questions := []struct{ what, path string }{
		{"fifty changes", "/v1/changes"},
		{"one change, by a prefix of its key", "/v1/changes/" + key[:len(key)-2]},
		{"a change's page", "/changes/" + key},
		{"the status", "/v1/status"},
	}
	took := make([][]time.Duration, len(questions))
	again := time.NewTicker(readEvery)
	defer again.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-done:
			return readsOf(took, func(i int) string { return questions[i].what }), nil
		case <-again.C:
		}
		i, began := n%len(questions), time.Now()
		if err := w.Get(ctx, questions[i].path, nil); err != nil {
			return nil, err
		}
		took[i] = append(took[i], time.Since(began))
	}
}

func readsOf(took [][]time.Duration, name func(int) string) (all []Read) {
	for i, t := range took {
		all = append(all, Read{name(i), program.QuantilesOf(t), len(t)})
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
