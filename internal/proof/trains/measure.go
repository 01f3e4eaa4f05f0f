package trains

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// perHistory is how many trains share one drawn history.
const perHistory = 20

// Measure runs so many trains, the same number of each kind of service. It depends on its
// arguments alone. progress is called after each block of trains, from several goroutines; nil
// for none.
func Measure(ctx context.Context, trains int, seed uint64, progress func(done, of int)) (Report, error) {
	each := (trains + len(services) - 1) / len(services)
	blocks := (each + perHistory - 1) / perHistory
	outcomes := make([][]Outcome, len(services)*blocks)
	var next, done atomic.Int64
	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(outcomes) && work.Err() == nil; i = int(next.Add(1)) - 1 {
				o, err := block(work, i/blocks, seed, i%blocks, min(perHistory, each-i%blocks*perHistory))
				if err != nil {
					cancel(err)
				}
				outcomes[i] = o
				if progress != nil {
					progress(int(done.Add(1)), len(outcomes))
				}
			}
		})
	}
	workers.Wait()
	if err := context.Cause(work); err != nil {
		return Report{}, err
	}
	return reportOf(outcomes, blocks), nil
}

// block runs trains of one service that share its history.
func block(ctx context.Context, kind int, seed uint64, number, trains int) ([]Outcome, error) {
	s := services[kind]
	r := rand.New(rand.NewPCG(seed, uint64(kind)<<32|uint64(number)))
	k := s.learn(r, zero)
	outcomes := make([]Outcome, 0, trains)
	for range trains {
		o, err := drawTrain(r, s).run(ctx, k)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}
