package detector

import (
	"fmt"
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// splitLevel is the level of the sample-ratio check. It is strict, because a false alarm of
// it costs a verdict. splitMixture is κ of its mixture.
const (
	splitLevel   = 0.001
	splitMixture = 100
)

// A split fits once it is e^splitFits times as likely as one in which the smaller arm got a
// fifth more, or less, than declared. The chance that such a split ever fits is one in twenty
// thousand (Wald 1945); a smaller mismatch moves a comparison of rates by little.
const (
	practicalMismatch = 1.2
	splitFits         = 9.9
)

// splitState is what the events say of a declared split.
type splitState int

// A split that is open cannot be told yet: there are too few events, or too few ticks to
// know how much it varies from tick to tick.
const (
	splitOpen splitState = iota
	splitFit
	splitUneven // the events fell into the two arms in another proportion than declared
)

// checkSplits checks the declared splits before anything acts on their arms. An uneven split
// discards the comparisons of all signals with the control arm, because all of them come
// from the same people: the arms differ in more than the change (Fabijan et al. 2019). An
// open one caps them at likely. Limits compare with no control and stay.
//
// See adr/0066.
func checkSplits(trials []trial) {
	state := splitOpen
	for i := range trials {
		if s := trials[i].splitState(); s == splitUneven {
			rejectUnevenArms(trials, i)
			return
		} else if s > state {
			state = s
		}
	}
	for i := range trials {
		t := &trials[i]
		t.unproven = state == splitOpen && t.control != nil && t.signal.Split > 0
	}
}

// splitState reads the split from one signal's events. Both tests are valid after every
// tick.
func (t *trial) splitState() splitState {
	if t.signal.Split <= 0 || t.control == nil || !t.after.counts() || !t.control.after.counts() {
		return splitOpen
	}
	own, other := pairedEvents(t.after, t.control.after)
	if len(own) < 2 {
		return splitOpen
	}
	bound, phi := t.splitDispersion(own, other)
	runningOwn, runningOther := pairedEvents(t.running, t.control.running)
	own, other = append(own, runningOwn...), append(other, runningOther...)
	n1, n0, uneven, fits := 0.0, 0.0, 0.0, math.Inf(-1)
	for i := range own {
		n1, n0 = n1+own[i], n0+other[i]
		uneven = max(uneven, stats.LogSplit(n1/bound, n0/bound, t.signal.Split, splitMixture))
		fits = max(fits, declaredFits(n1/phi, n0/phi, t.signal.Split))
	}
	switch {
	case -uneven <= math.Log(splitLevel):
		return splitUneven
	case fits >= splitFits:
		return splitFit
	}
	return splitOpen
}

// declaredFits is the log-likelihood of a declared share over the likelier of the two that are
// a practical mismatch away.
func declaredFits(n1, n0, share float64) float64 {
	if share > 0.5 {
		n1, n0, share = n0, n1, 1-share
	}
	fits := math.Inf(+1)
	for _, other := range []float64{share * practicalMismatch, share / practicalMismatch} {
		fits = min(fits, n1*math.Log(share/other)+n0*math.Log((1-share)/(1-other)))
	}
	return fits
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

// sharedTicks is for how many ticks the signal's own overdispersion counts in that of its
// split: both come from people with many requests each.
const sharedTicks = 4

// splitDispersion is how much more the split varies from tick to tick than chance: an upper
// bound where there are few ticks, for saying that it is uneven, and an estimate, for saying
// that it fits. By two or three ticks alone the bound is so wide that nothing would ever act
// in time; the estimate leans on how much the signal's bad events vary.
func (t *trial) splitDispersion(own, other []float64) (bound, estimate float64) {
	all := make([]float64, len(own))
	for i := range own {
		all[i] = own[i] + other[i]
	}
	usual := 1.0
	if t.e.Counts != nil {
		usual = max(usual, t.e.Counts.Overdispersion)
	}
	chi2, freedom := stats.Dispersion(own, all)
	return splitBound(chi2, freedom), max(1, (chi2+sharedTicks*usual)/(float64(freedom)+sharedTicks))
}

// rejectUnevenArms discards the comparisons with a rule's control arm, because the events of
// one of its trials are split in another proportion.
func rejectUnevenArms(trials []trial, uneven int) {
	own, other := trials[uneven].eventsAfter()
	note := fmt.Sprintf("%.1f %% of all events are this arm's where the rule declares %.1f %%: the arms cannot be compared.", 100*own/(own+other), 100*trials[uneven].signal.Split)
	for k := range trials {
		if t := &trials[k]; t.control != nil && t.signal.Split > 0 {
			t.tested, t.e.Reason, t.e.P, t.e.RawP = false, SampleRatio, 1, 1
			t.note(note)
		}
	}
}

// capUnproven keeps evidence from the arms of an open split from acting.
func (t *trial) capUnproven() {
	if t.unproven && t.e.Grade == Certain {
		t.e.Grade = Likely
		t.note("The declared split cannot be checked yet, so that nothing acts on a comparison of the arms.")
	}
}

// The normal deviates of the lower 5 % and 20 % of χ².
const (
	lowerTwentieth = -1.644854
	lowerFifth     = -0.841621
)

// splitBound is an upper bound of the overdispersion: at 95 % from few ticks, and at 80 %
// from ten on, because the estimate itself scatters.
func splitBound(chi2 float64, freedom int) float64 {
	z := lowerTwentieth
	if freedom+1 >= fullTicks {
		z = lowerFifth
	}
	return max(1, chi2/max(stats.ChiSquareQuantile(freedom, z), 1e-3))
}
