package accuracy

import (
	"math"
	"math/rand/v2"
	"slices"
)

// dirtyKind is one way in which the counters of a store cannot be true. Only is the target
// that it can happen to; empty for every one.
type dirtyKind struct {
	Name   string
	only   string
	always bool // the history has it too
	soil   func(r *rand.Rand, pods []*dirtyPod, which []int, worse bool) []*dirtyPod
}

// dirtyTargets are the counters that are hit: those of bad events, those of all events, or
// all of a pod's.
var dirtyTargets = []struct {
	Name  string
	which []int
}{
	{"errors", []int{badCounter, sumCounter, fastCounter}},
	{"total", []int{okCounter, countCounter}},
	{"both", allCounters},
}

var allCounters = []int{okCounter, badCounter, countCounter, sumCounter, fastCounter}

// dirtyKinds are the kinds of the dirty data section.
var dirtyKinds = []dirtyKind{
	{"nothing", "", false, func(_ *rand.Rand, pods []*dirtyPod, _ []int, _ bool) []*dirtyPod { return pods }},
	{"a dip by 1", "", false, dip(func(float64) float64 { return 1 })},
	{"a dip by 5", "", false, dip(func(float64) float64 { return 5 })},
	{"a dip by 0.1 %", "", false, dip(func(v float64) float64 { return 0.001 * v })},
	{"a dip by 5 %", "", false, dip(func(v float64) float64 { return 0.05 * v })},
	{"replicas of which one lags by a scrape, at random", "both", true, lag(1)},
	{lateKind, "both", true, lag(2)},
	{"replicas that began at different times, at random from the deploy on", "", false, twins(podBefore)},
	{"replicas that began at different times, at random all the time", "", true, twins(0)},
	{aloneKind + " from the deploy on", "both", false, aloneTwins(podBefore)},
	{aloneKind + " all the time", "both", true, aloneTwins(0)},
	{"a restart seen twice for three minutes", "both", false, seenTwice},
	{"a restart", "both", false, restart},
	{"1 old pod appears", "both", false, appear(1, 0, 0)},
	{"1 old pod with an incident appears", "both", false, appear(1, 400_000, 0)},
	{"3 old pods with incidents appear, one a minute", "both", false, appear(3, 400_000, 2)},
	{"10 old pods appear", "both", false, appear(10, 0, 0)},
	{"10 old pods with incidents appear, one each half minute", "both", false, appear(10, 400_000, 1)},
	{"all pods get new labels", "both", false, relabel},
	{"one step, 50 times the events of a minute", "", false, step},
	{"the total is missing for two minutes", "total", false, absent},
	{"a pod is missing for two minutes", "both", false, podAbsent},
}

// dip lowers the counters of a pod for one sample, before the change and three times after.
func dip(by func(v float64) float64) func(*rand.Rand, []*dirtyPod, []int, bool) []*dirtyPod {
	return func(r *rand.Rand, pods []*dirtyPod, which []int, _ bool) []*dirtyPod {
		p := pods[r.IntN(len(pods))]
		for _, at := range []int{podBefore - 20 + r.IntN(10), podBefore + 2 + r.IntN(3), podBefore + 7 + r.IntN(3), podBefore + 14 + r.IntN(10)} {
			p.each(which, at, at+1, func(v float64, _ int) float64 { return max(v-math.Ceil(by(v)), 0) })
		}
		return pods
	}
}

// lateKind withholds two scrapes of every four, so that what is new is seen late.
const lateKind = "replicas of which one lags by two scrapes, at random"

// byOther draws which samples come from the second of two replicas.
func byOther(r *rand.Rand) []bool {
	other := make([]bool, podLength)
	for i := range other {
		other[i] = r.IntN(2) == 0
	}
	return other
}

// lag shows each sample of all pods by one of two replicas, of which one is late.
func lag(by int) func(*rand.Rand, []*dirtyPod, []int, bool) []*dirtyPod {
	return func(r *rand.Rand, pods []*dirtyPod, which []int, _ bool) []*dirtyPod {
		late := byOther(r)
		for _, p := range pods {
			for _, c := range which {
				shown := slices.Clone(p.counters[c])
				for i := by; i < podLength; i++ {
					if late[i] {
						shown[i] = p.counters[c][i-by]
					}
				}
				p.counters[c] = shown
			}
		}
		return pods
	}
}

// twins shows samples by one of two replicas, of which one began counting later.
func twins(from int) func(*rand.Rand, []*dirtyPod, []int, bool) []*dirtyPod {
	return func(r *rand.Rand, pods []*dirtyPod, which []int, _ bool) []*dirtyPod {
		other := byOther(r)
		for _, p := range pods {
			for _, c := range which {
				lacks := p.counters[c][0] * 0.9
				p.each([]int{c}, from, podLength, func(v float64, i int) float64 {
					if other[i] {
						return v - lacks
					}
					return v
				})
			}
		}
		return pods
	}
}

// aloneKind chooses a replica for each counter, which the counts of a native histogram do not allow.
const aloneKind = "replicas that began at different times, each counter by itself at random"

// aloneTwins are twins of which the store chooses one for each counter by itself.
func aloneTwins(from int) func(*rand.Rand, []*dirtyPod, []int, bool) []*dirtyPod {
	return func(r *rand.Rand, pods []*dirtyPod, which []int, worse bool) []*dirtyPod {
		for _, p := range pods {
			for _, c := range which {
				twins(from)(r, []*dirtyPod{p}, []int{c}, worse)
			}
		}
		return pods
	}
}

// restart restarts every pod at the change.
func restart(_ *rand.Rand, pods []*dirtyPod, which []int, _ bool) []*dirtyPod {
	for _, p := range pods {
		for _, c := range which {
			lost := p.counters[c][podBefore]
			p.each([]int{c}, podBefore+1, podLength, func(v float64, _ int) float64 { return v - lost })
		}
	}
	return pods
}

// seenTwice restarts every pod at the change; for six samples every second one is still that
// of the old process, which serves no more.
func seenTwice(r *rand.Rand, pods []*dirtyPod, which []int, worse bool) []*dirtyPod {
	type old [podCounters]float64
	last := make([]old, len(pods))
	for k, p := range pods {
		for c := range p.counters {
			last[k][c] = p.counters[c][podBefore]
		}
	}
	pods = restart(r, pods, which, worse)
	for k, p := range pods {
		for _, c := range which {
			for i := podBefore + 2; i < podBefore+8; i += 2 {
				p.counters[c][i] = last[k][c]
			}
		}
	}
	return pods
}

// appear adds pods that have lived for long, with so many errors of an incident, some samples
// after the change and so many samples apart.
func appear(n int, incident float64, apart int) func(*rand.Rand, []*dirtyPod, []int, bool) []*dirtyPod {
	return func(r *rand.Rand, pods []*dirtyPod, _ []int, worse bool) []*dirtyPod {
		at := podBefore + 3 + r.IntN(4)
		for k := range n {
			began := [podCounters]float64{5e6, 8_000 + incident, 5e6 + 8_000 + incident, 5e5 + 10*incident, 4.9e6}
			p := newPod(r, "old-"+podName(k), began, worse)
			p.each(allCounters, 0, at+k*apart, func(float64, int) float64 { return math.NaN() })
			pods = append(pods, p)
		}
		return pods
	}
}

// relabel ends every pod's series a minute after the change and goes on in new ones.
func relabel(_ *rand.Rand, pods []*dirtyPod, which []int, _ bool) []*dirtyPod {
	at := podBefore + 3
	for _, p := range slices.Clone(pods) {
		renamed := &dirtyPod{name: "new-" + p.name}
		for c := range p.counters {
			renamed.counters[c] = slices.Clone(p.counters[c])
		}
		p.each(which, at, podLength, func(float64, int) float64 { return math.NaN() })
		renamed.each(which, 0, at, func(float64, int) float64 { return math.NaN() })
		pods = append(pods, renamed)
	}
	return pods
}

// step adds 50 minutes' events of a pod to its counters at once.
func step(r *rand.Rand, pods []*dirtyPod, which []int, _ bool) []*dirtyPod {
	p, at := pods[r.IntN(len(pods))], podBefore+3+r.IntN(4)
	p.each(which, at, podLength, func(v float64, _ int) float64 { return v + 100*usualLoad.perStep })
	return pods
}

// absent leaves the counters of all pods out of the answers of two minutes.
func absent(r *rand.Rand, pods []*dirtyPod, which []int, _ bool) []*dirtyPod {
	at := podBefore + 1 + 2*r.IntN(3)
	for _, p := range pods {
		p.each(which, at, at+4, func(float64, int) float64 { return math.NaN() })
	}
	return pods
}

// podAbsent leaves one pod out of the answers of two minutes.
func podAbsent(r *rand.Rand, pods []*dirtyPod, which []int, _ bool) []*dirtyPod {
	return append(absent(r, pods[:1], which, false), pods[1:]...)
}
