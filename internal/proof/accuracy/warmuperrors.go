package accuracy

import (
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/pushback/pushback/detector"
)

// errorWarmup is a service with few requests and errors, whose every deploy brings a burst of
// errors. The burst's share of errors and its minutes are drawn from ranges.
type errorWarmup struct {
	what    string
	deploys int
	share   float64 // of errors, otherwise
	burst   [2]float64
	minutes [2]int
	lasting float64 // share of errors of the regression under the burst
	varied  bool    // the requests of a minute vary by chance
}

var errorWarmups = []errorWarmup{
	{"errors .5 %, at first 5 % for 3 min, 5 good deploys; later 4 %", 5, .005, [2]float64{.05, .05}, [2]int{3, 3}, .04, false},
	{"errors .5 %, at first 5 % for 3 min, 12 good deploys; later 4 %", 12, .005, [2]float64{.05, .05}, [2]int{3, 3}, .04, false},
	{"errors 1 %, at first 5 to 15 % for 2 to 3 min, 5 good deploys; later 6 %", 5, .01, [2]float64{.05, .15}, [2]int{2, 3}, .06, false},
	{"errors 1 %, at first 5 to 15 % for 2 to 3 min, 8 good deploys; later 6 %", 8, .01, [2]float64{.05, .15}, [2]int{2, 3}, .06, false},
	{"errors 1 %, at first 5 to 15 % for 2 to 3 min, 12 good deploys; later 6 %", 12, .01, [2]float64{.05, .15}, [2]int{2, 3}, .06, false},
	{"errors 1 %, at first 5 to 15 % for 2 to 3 min, 8 good deploys, requests vary; later 6 %", 8, .01, [2]float64{.05, .15}, [2]int{2, 3}, .06, true},
	{"errors .5 %, at first 2 to 10 % for 1 to 4 min, 12 good deploys; later 5 %", 12, .005, [2]float64{.02, .1}, [2]int{1, 4}, .05, false},
	{"errors .1 %, at first 10 to 30 % for 1 to 3 min, 8 good deploys; later 4 %", 8, .001, [2]float64{.1, .3}, [2]int{1, 3}, .04, false},
}

// requestsAMinute of such a service.
const requestsAMinute = 60

// warm adds the burst of one deploy to the share of errors by minute.
func (u errorWarmup) warm(r *rand.Rand, share []float64) {
	burst := u.burst[0] + (u.burst[1]-u.burst[0])*r.Float64()
	for i := range min(u.minutes[0]+r.IntN(u.minutes[1]-u.minutes[0]+1), len(share)) {
		share[i] = burst
	}
}

// draw draws the requests of each minute and those of them that fail.
func (u errorWarmup) draw(r *rand.Rand, share []float64) detector.Ticks {
	var t detector.Ticks
	for _, p := range share {
		total := float64(requestsAMinute)
		if u.varied {
			total = distuv.Poisson{Lambda: total, Src: r}.Rand()
		}
		bad := distuv.Binomial{N: total, P: p, Src: r}.Rand()
		t.Bad, t.Total, t.Value = append(t.Bad, bad), append(t.Total, total), append(t.Value, bad/total)
	}
	return t
}

func (u errorWarmup) watch(seed uint64, number int) (quiet, worse reached) {
	r := sourceOf(u.what, 0, seed, number)
	share := slices.Repeat([]float64{u.share}, warmupHistory)
	var good []detector.GoodChange
	for _, at := range deployTimes(r, u.deploys) {
		u.warm(r, share[at:])
		good = append(good, goodChangeAt(at))
	}
	p, history := countPlan(time.Minute), u.draw(r, share)
	k := detector.Profiles{"errors": detector.Learn(p, p.Signals[0], detector.History{
		Start: simulated.Add(-warmupHistory * time.Minute), Ticks: history, Good: good,
	})}
	before := ticksFrom(history, warmupHistory-window, warmupHistory)
	look := func(later float64) (first reached) {
		after := slices.Repeat([]float64{later}, window)
		u.warm(r, after)
		ticks := u.draw(r, after)
		read := func(n int) []detector.Reading { return []detector.Reading{countsRead(before, ticks, n)} }
		for n, v := range verdicts(p, k, simulated, window, read) {
			first.note(v.Grade, n)
		}
		return first
	}
	return look(u.share), look(u.lasting)
}
