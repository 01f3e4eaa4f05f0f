package detector

import "sync"

// workspace is what one scan after the other, and one history after the other, is learned in.
// It is two thirds of the memory that learning takes, and nothing of it is kept in a profile.
type workspace struct {
	seen             []int
	baselines, plain []baseline
	back             []lookback
	forecasts        [2]struct{ ticks, spread []float64 } // of the plain scan, and of one with seasons
	long             []float64
	peaks            [][lengths]float64
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// done gives the workspace back, without the history.
func (w *workspace) done() {
	clear(w.baselines[:cap(w.baselines)])
	clear(w.back[:cap(w.back)])
	workspaces.Put(w)
}

// reused is n values of any content in the memory of a slice, which grows if it is too short.
func reused[E any](memory *[]E, n int) []E {
	if cap(*memory) < n {
		*memory = make([]E, n)
	}
	return (*memory)[:n]
}
