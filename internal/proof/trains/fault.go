package trains

import (
	"math/rand/v2"
	"time"

	"github.com/pushback/pushback/sources"
)

// fault is what one change of a train does.
type fault struct {
	culprit int // place of the change; −1 for a train without a fault
	kind    faultKind
	begins  time.Time
	errors  float64 // share of requests that fail beyond the usual ones
	slow    float64 // added to latency
}

// faultKind is how a fault comes and goes.
type faultKind string

const (
	sudden faultKind = "sudden" // at once, while the change rolls out or right behind it
	creep  faultKind = "creep"  // over five minutes from the change on
	late   faultKind = "late"   // at once, one to eight minutes after the change
	passes faultKind = "passes" // at once, and over after three minutes
)

// kindsOfFault are drawn from evenly: two of five are sudden.
var kindsOfFault = []faultKind{sudden, sudden, sudden, creep, late, passes}

// errorSteps are the sizes of faults. One of 0 is one of latency alone.
var errorSteps = []float64{0, 0.01, 0.03, 0.1, 0.3, 0.5}

// creepFor and passesAfter are how long a fault grows, and how long one lasts that passes.
const (
	creepFor    = 5 * time.Minute
	passesAfter = 3 * time.Minute
)

func drawFault(r *rand.Rand, culprit int, c sources.Change) fault {
	f := fault{culprit: culprit, kind: kindsOfFault[r.IntN(len(kindsOfFault))]}
	f.errors = errorSteps[r.IntN(len(errorSteps))]
	if f.errors == 0 || r.IntN(3) == 0 {
		f.slow = latencyNoise * (2 + 4*r.Float64())
	}
	f.begins = c.StartedAt.Add(cells5(r, 0, c.FinishedAt.Sub(c.StartedAt)+10*time.Second))
	if f.kind == late {
		f.begins = c.FinishedAt.Add(cells5(r, time.Minute, 8*time.Minute))
	}
	return f
}

// strength is how much of the fault is there in a cell.
func (f fault) strength(i int) float64 {
	since := zero.Add(time.Duration(i) * cell).Sub(f.begins)
	switch {
	case f.culprit < 0 || since < 0 || f.kind == passes && since >= passesAfter:
		return 0
	case f.kind == creep:
		return min(1, float64(since)/float64(creepFor))
	}
	return 1
}

func (f fault) errorsAt(i int) float64 { return f.errors * f.strength(i) }
func (f fault) slowAt(i int) float64   { return f.slow * f.strength(i) }

// clear reports whether a fault is a clear step: sudden, and of at least five hundredths of the requests.
func (f fault) clear() bool { return f.kind == sudden && f.errors >= 0.05 }
