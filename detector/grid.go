package detector

import (
	"math"
	"time"

	"github.com/pushback/pushback/sources"
)

// Grid is n ticks side by side. Tick i covers (Start+i·Tick, Start+(i+1)·Tick]:
// a sample taken on the line belongs to the tick that it ends.
type Grid struct {
	Start time.Time
	Tick  time.Duration
	N     int
}

// End is where the last tick ends.
func (g Grid) End() time.Time { return g.Start.Add(time.Duration(g.N) * g.Tick) }

// Window is what to fetch for counters on this grid: one tick more at its
// left, because the first increase needs a sample to start from.
func (g Grid) Window() sources.Window {
	return sources.Window{From: g.Start.Add(-g.Tick), To: g.End()}
}

// at is the time that tick i covers.
func (g Grid) at(i int) sources.Window {
	from := g.Start.Add(time.Duration(i) * g.Tick)
	return sources.Window{From: from, To: from.Add(g.Tick)}
}

// Running is the grid of the one tick behind g that now lies in; it is empty
// where g ends at or after now.
func (g Grid) Running(now time.Time) Grid {
	r := Grid{Start: g.End(), Tick: now.Sub(g.End()), N: 1}
	if r.Tick <= 0 || r.Tick > g.Tick {
		return Grid{Start: g.End(), Tick: g.Tick}
	}
	return r
}

// place is the tick that holds a sample of Unix milliseconds t; −1 and N mean
// left and right of the grid.
func (g Grid) place(t int64) int {
	since := t - g.Start.UnixMilli()
	tick := g.Tick.Milliseconds()
	if since <= 0 || tick <= 0 {
		return -1
	}
	return int(min((since-1)/tick, int64(g.N)))
}

func (g Grid) missing() Values {
	v := make(Values, max(g.N, 0))
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}

// Newest is the time of the newest sample of any series; zero where there is
// none. With it a caller tells a quiet signal from a stale store.
func Newest(ss []sources.Series) time.Time {
	newest := int64(math.MinInt64)
	for _, s := range ss {
		if n := len(s.Samples); n > 0 {
			newest = max(newest, s.Samples[n-1].T)
		}
		if n := len(s.Histograms); n > 0 {
			newest = max(newest, s.Histograms[n-1].T)
		}
	}
	if newest == math.MinInt64 {
		return time.Time{}
	}
	return time.UnixMilli(newest).UTC()
}
