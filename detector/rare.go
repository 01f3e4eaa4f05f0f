package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// Some signals hardly ever move: a success rate at 100 %, a queue that is empty, a counter
// with a spike a day. Their windows are alike, so that nothing can be said of a tail. What
// can be said is how long they have been quiet, and what they have never done.
//
// See adr/0060.

// typicalMove is the median size of the moves of a series that is at its median in most ticks;
// 0 where it never moved, and for any other series.
func typicalMove(x []float64, least float64) float64 {
	if stats.MAD(x, nil) > least {
		return 0
	}
	median := stats.Median(x, nil)
	var moves []float64
	for _, v := range x {
		if d := math.Abs(v - median); d > least {
			moves = append(moves, d)
		}
	}
	return finiteOrZero(stats.MedianInPlace(moves))
}

// bursts is how often a series left its place and came back: half of its steps that are more
// than rounding.
func bursts(steps []float64, least float64) float64 {
	moved := 0.0
	for _, d := range steps {
		if math.Abs(d) > least {
			moved++
		}
	}
	return moved / 2
}

// rarest is the smallest p that the scan of a history can give. Of n windows that never
// moved, the next one moves with a chance of 1/(n+1) at most (the rule of succession). Every
// burst that was seen carries the tail further.
func (l learner) rarest() float64 {
	windows := float64(l.quietTicks()) / float64(l.after)
	return 1 / ((1 + windows) * (1 + l.bursts))
}

// quietTicks is for how many ticks of history nothing unusual came up. What was left out of it
// did: with k outages in n ticks, the next is expected after n/(k+1).
func (l learner) quietTicks() int { return finite(l.x) / (1 + l.leftOut) }

// recordShare is the share of the level that the test of records gets; the scan has the rest.
// In a signal that hardly moves there is little to scan.
const (
	recordShare     = 0.1
	rareRecordShare = 0.5
)

// record is the p-value of a tick that is further from its forecast than any tick of the
// history was: if nothing changed, the largest of n+t ticks is among the last t with a chance
// of t/(n+t), whatever the distribution. t counts from the change, so that what moves at once says most.
// It is 1 for any other tick.
func (s *Scan) record(residual float64, t int) float64 {
	if s.Seen == 0 || !(residual > s.Worst) || residual < leastRecord {
		return 1
	}
	if !s.Rare && !s.constant() {
		t += memory
	}
	return float64(t) / float64(s.Seen+t)
}

// memory is how many ticks a signal that always moves remembers: large values come in
// clusters, and a cluster at the end of the history reaches into what follows.
const memory = 5

// leastRecord is how far in σ a record has to be from its forecast, at least: a flat history
// has a σ of next to nothing, and rounding is no move.
const leastRecord = 1

// combine is p of the scan and of the record together: each has its share of the level.
func (s *Scan) combine(scanned, record float64) float64 {
	if s.constant() {
		return record
	}
	share := recordShare
	switch {
	case s.Seen == 0:
		return scanned
	case s.Rare:
		share = rareRecordShare
	}
	return min(1, scanned/(1-share), record/share)
}
