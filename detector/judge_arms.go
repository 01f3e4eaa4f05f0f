package detector

import (
	"fmt"
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// Companion is what a reader is told of a signal's control.
type Companion struct {
	Query  string  `json:"query"`
	Before float64 `json:"before"` // its level, or share of bad events; 0 where unknown
	After  float64 `json:"after"`
	Share  float64 `json:"share"` // of its moves that were taken out of the signal's
	Split  float64 `json:"split"` // of both arms' events, those of the signal's; 0 where nothing is counted
}

// tellOfControl writes down what the control showed, for a reader.
func (t *trial) tellOfControl() {
	c := &Companion{Query: t.reading.Control.Query, Before: sane(level(t.control.before)), After: sane(level(t.control.after, t.control.running))}
	if t.adjusted() {
		c.Share = t.profile.Follows.Share
	}
	own, other := t.eventsAfter()
	if own+other > 0 {
		c.Split = own / (own + other)
	}
	t.e.Control = c
}

// level is the share of all events of some ticks, or the mean of their values.
func level(all ...Ticks) float64 {
	bad, total := 0.0, 0.0
	var values []float64
	for _, t := range all {
		b, n := t.events()
		bad, total, values = bad+b, total+n, append(values, t.Value...)
	}
	if total > 0 {
		return bad / total
	}
	return stats.Mean(values)
}

// eventsAfter are those of both arms since the change.
func (t *trial) eventsAfter() (own, other float64) {
	for i, ticks := range []Ticks{t.after, t.running, t.control.after, t.control.running} {
		if _, n := ticks.events(); i < 2 {
			own += n
		} else {
			other += n
		}
	}
	return own, other
}

// splitLevel is how sure the sample-ratio check must be before it speaks: it is
// no claim about the change, and a false one costs a verdict. splitMixture is κ
// of its mixture.
const (
	splitLevel   = 0.001
	splitMixture = 100
)

// mismatched says whether the events fell into the two arms in another
// proportion than the rule declares. Then something decides who is in which arm
// that should not, and no comparison of the two means anything (Fabijan et al.
// 2019). Looked at after every tick, it is valid at every one.
func (t *trial) mismatched() bool {
	if t.signal.Split <= 0 || t.control == nil || !t.after.counts() || !t.control.after.counts() {
		return false
	}
	own, other := pairedEvents(t.after, t.control.after)
	phi := splitDispersion(own, other)
	n1, n0, best := 0.0, 0.0, 0.0
	for i := range own {
		n1, n0 = n1+own[i], n0+other[i]
		best = max(best, stats.LogSplit(n1/phi, n0/phi, t.signal.Split, splitMixture))
	}
	return -best <= math.Log(splitLevel)
}

// pairedEvents are the events of both arms in the ticks that both have.
func pairedEvents(a, b Ticks) (own, other []float64) {
	for i := range min(len(a.Total), len(b.Total)) {
		if a.Total[i] >= 0 && b.Total[i] >= 0 {
			own, other = append(own, a.Total[i]), append(other, b.Total[i])
		}
	}
	return own, other
}

// splitDispersion is how much more the split varies from tick to tick than
// chance: people come with many requests each.
func splitDispersion(own, other []float64) float64 {
	all := make([]float64, len(own))
	for i := range own {
		all[i] = own[i] + other[i]
	}
	return windowOverdispersion(Ticks{Bad: own, Total: all})
}

// distrust takes back what the comparisons of a rule's arms said, where the
// events of any of its signals fell into them in another proportion: the same
// people are behind all. The rule's limits ask nobody's control and stand.
func distrust(trials []trial) {
	for i := range trials {
		if !trials[i].mismatched() {
			continue
		}
		own, other := trials[i].eventsAfter()
		note := fmt.Sprintf("%.1f %% of all events are this arm's where the rule declares %.1f %%: the arms cannot be compared.", 100*own/(own+other), 100*trials[i].signal.Split)
		for k := range trials {
			if t := &trials[k]; t.control != nil && t.signal.Split > 0 {
				t.tested, t.e.Reason, t.e.P, t.e.RawP = false, SampleRatio, 1, 1
				t.note(note)
			}
		}
		return
	}
}

// armsTest compares bad events with those of the control at the same ticks.
// Where the signal has a time before of its own, the control must have been
// worse than usual by less: ratio is how many times likelier its events were to
// be bad all along, at the upper end of what that time allows.
func (t *trial) armsTest(d float64, y Tally) finding {
	ratio, best := t.ratioBefore(d), 0.0
	var arms stats.Arms
	weigh := func(a, b Ticks) {
		for i := range min(len(a.Total), len(b.Total)) {
			arms.Add(a.Bad[i], a.Total[i], b.Bad[i], b.Total[i], ratio, d, y.Overdispersion)
			best = max(best, arms.LogE())
		}
	}
	weigh(t.after, t.control.after)
	weigh(t.running, t.control.running)
	return finding{d: d, p: math.Exp(-best), forecast: []float64{level(t.control.after, t.control.running)}, tests: []Test{ByCounts, ByControl}}
}

// ratioBefore is 1 for an arm that the change has made, which has no time
// before. Zero events in a control that had few say little, hence the half
// added to each (Haldane 1956).
func (t *trial) ratioBefore(d float64) float64 {
	bad, total := t.before.events()
	controlBad, controlTotal := t.control.before.events()
	if ticksWithEvents(t.before) < minTicks || controlTotal <= 0 {
		return 1
	}
	phi := windowOverdispersion(t.before)
	bad, controlBad = bad/phi+0.5, controlBad/phi+0.5
	error := stats.Normal95 * math.Sqrt(1/bad+1/controlBad)
	return bad / total / (controlBad / controlTotal) * math.Exp(d*error)
}

// newborn says whether the signal began with the change, as the series of a new
// version do: only its control can say what is usual.
func (t *trial) newborn() bool {
	return t.control != nil && finite(t.before.Value) < minTicks
}

// testArms judges a newborn level against its control, tick beside tick. What
// the two differed by before nobody knows, so statistics say suspect at most.
func (t *trial) testArms() {
	t.capped = true
	t.note("The signal began with the change; it is compared with its control alone, and statistics say suspect at most.")
	x := t.values()
	between := make([]float64, 0, len(x))
	for j, a := range x {
		if j < len(t.control.after.Value) && !math.IsNaN(a-t.control.after.Value[j]) {
			between = append(between, a-t.control.after.Value[j])
		}
	}
	variance := max(stats.BlockVariance(between, max(len(between)/blockCount, 1)), math.Pow(stats.NormalMAD*stats.MAD(between, nil), 2))
	t.worst(func(d float64) finding {
		f := finding{d: d, p: 1, forecast: t.control.after.Value, tests: []Test{ByControl}}
		if n := float64(len(between)); n >= fullTicks && variance > 0 && d*stats.Mean(between) > 0 {
			f.p = stats.UpperTail(stats.StudentDeviate(d*stats.Mean(between)/math.Sqrt(variance/n), blockCount-1))
		}
		return f
	})
	t.settle(func() Effect { return effectOf(stats.Mean(t.control.after.Value), stats.Mean(x)) })
}
