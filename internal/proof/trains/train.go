package trains

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

const (
	mostChanges   = 12
	leastChanges  = 5
	oneBadIn      = 20
	shortestApart = 2 * time.Minute
	longestApart  = 15 * time.Minute
	quietBefore   = 70 * time.Minute // ahead of a train: 30 ticks of two minutes, and more
)

// zero is when the cells of every train begin.
var zero = time.Date(2026, time.November, 2, 9, 0, 0, 0, time.UTC)

// train is a service with its changes. At most one of them is bad: the first that the draw
// makes bad, because a train ends there or is spoilt.
type train struct {
	service service
	changes []store.Change
	fault   fault
	cells   cells
	end     time.Time
}

// drawTrain draws one train.
func drawTrain(r *rand.Rand, s service) train {
	t := train{service: s, fault: fault{culprit: -1}}
	at := zero.Add(quietBefore + cells5(r, 0, 2*time.Minute))
	for i := range leastChanges + r.IntN(mostChanges-leastChanges+1) {
		c := drawChange(r, i, at)
		t.changes = append(t.changes, c)
		if r.IntN(oneBadIn) == 0 && t.fault.culprit < 0 {
			t.fault = drawFault(r, i, c.Change)
		}
		at = at.Add(cells5(r, shortestApart, longestApart))
	}
	t.end = at.Add(20 * time.Minute)
	n := int(t.end.Sub(zero) / cell)
	t.cells = s.draw(r, n, t.fault.errorsAt, t.fault.slowAt)
	return t
}

// drawChange draws change number i of a train, told to begin at a moment. Of every second
// change, the tool reports only the end.
func drawChange(r *rand.Rand, i int, at time.Time) store.Change {
	c := sources.Change{
		ID: fmt.Sprintf("deploy-%d", i+1), Service: "cart", Environment: "production", Kind: sources.Deploy,
		Version: fmt.Sprintf("v%d", i+1), Previous: fmt.Sprintf("v%d", i), Status: sources.Succeeded,
		StartedAt: at, FinishedAt: at, Reversible: true,
	}
	if r.IntN(2) == 0 {
		c.FinishedAt = at.Add(cells5(r, 0, 90*time.Second))
	}
	return store.Change{Change: c, Key: c.Key(), Epoch: int64(i + 1), ReceivedAt: c.StartedAt}
}

// cells5 draws whole cells between two lengths.
func cells5(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.IntN(int((to-from)/cell)+1))*cell
}
