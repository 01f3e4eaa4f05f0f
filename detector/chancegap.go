package detector

import (
	"math"
	"time"
)

// Where ticks are missing at random, a history of some hours need not hold the longest run that a watch will meet. Its
// length follows from how often a tick with a value is followed by one without: runs of n ticks are that share to the power of n.

// chanceWatches is the number of watches of which one has a run of random gaps that is usual.
const chanceWatches = 100

// randomGaps counts, by the hour of the day (UTC), ticks with a value, and those of them that a gap follows.
type randomGaps struct{ present, followed [hoursOfDay]int }

// run is the longest run of missing ticks that one of chanceWatches watches has by chance, in hours apart from one by so
// much at most.
func (g randomGaps) run(hour, apart, after int) int {
	present, followed := 0, 0
	for d := -apart; d <= apart; d++ {
		at := (hour + d + hoursOfDay) % hoursOfDay
		present, followed = present+g.present[at], followed+g.followed[at]
	}
	if followed == 0 || followed >= present {
		return 0
	}
	return int(math.Log(chanceWatches*float64(after)) / math.Log(float64(present)/float64(followed)))
}

// orByChance are the runs, or those that random gaps have by chance where they are longer.
func (r Runs) orByChance(g randomGaps, after int) Runs {
	apart := hoursOfDay / 2
	if len(r) == hoursOfDay {
		apart = 1
	}
	for hour := range r {
		r[hour] = max(r[hour], g.run(hour, apart, after))
	}
	return r
}

// randomGapsOf counts the gaps that people have not masked.
func randomGapsOf(t Ticks, h History, tick time.Duration) (g randomGaps) {
	hour := func(i int) int { return h.Start.Add(time.Duration(i) * tick).UTC().Hour() }
	for i := range t.Value {
		if !t.missingAt(i) {
			g.present[hour(i)]++
		}
	}
	t.unmaskedGaps(h, tick, func(first, _ int) { g.followed[hour(first-1)]++ })
	return g
}
