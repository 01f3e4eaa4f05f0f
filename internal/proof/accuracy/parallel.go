package accuracy

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Progress is called after every finished piece of work, from several goroutines.
type Progress func(done, of int)

// parallel does pieces 0 to n-1 on every core. Each piece must depend on its number
// alone, because cores take pieces in any order. It returns the context's error if work
// was left undone.
func parallel(ctx context.Context, n int, progress Progress, piece func(i int)) error {
	var next, done atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				piece(i)
				if finished := int(done.Add(1)); progress != nil {
					progress(finished, n)
				}
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

// watchKinds makes so many watches of each of the kinds, on every core, and returns their
// outcomes by kind. Each watch must depend on its kind and its number alone.
func watchKinds[T any](ctx context.Context, kinds, watches int, progress Progress, watch func(kind, number int) T) ([][]T, error) {
	outcomes := make([]T, kinds*watches)
	err := parallel(ctx, len(outcomes), progress, func(i int) { outcomes[i] = watch(i/watches, i%watches) })
	if err != nil {
		return nil, err
	}
	return slices.Collect(slices.Chunk(outcomes, watches)), nil
}

// sourceOf is the random source of one series. It depends on what is drawn and not on what
// else is drawn, so that a run of one kind repeats that part of a run of all. The span is 0
// for kinds whose histories all have one length.
func sourceOf(kind string, span time.Duration, seed uint64, number int) *rand.Rand {
	name := fnv.New64a()
	name.Write([]byte(kind))
	return rand.New(rand.NewPCG(seed^name.Sum64(), uint64(span/time.Minute)<<32|uint64(number)))
}
