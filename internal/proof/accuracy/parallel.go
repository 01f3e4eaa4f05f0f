package accuracy

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
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
