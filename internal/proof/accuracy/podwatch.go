package accuracy

import (
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/detector/stats"
)

// podSignals are the signals that a pod is watched by, of those that it has.
var podSignals = []detector.Signal{
	{Name: "CpuUsage(m)", Worse: detector.Higher},
	{Name: "MemoryUsage(Mi)", Worse: detector.Higher},
	{Name: "PodServerLatencyP95(s)", Worse: detector.Higher},
	{Name: "PodServerLatencyP99(s)", Worse: detector.Higher},
	{Name: "PodClientLatencyP95(s)", Worse: detector.Higher},
	{Name: "PodClientLatencyP99(s)", Worse: detector.Higher},
	{Name: "PodWorkload(Ops)", Worse: detector.Lower},
	{Name: "NetworkTransmitBytes", Worse: detector.Either},
}

// podWatch is a watch of one pod.
type podWatch struct {
	podView
	fault Fault // that is looked at; empty: none
	idle  bool
}

// podView is a pod whose signals are read for a watch: its own, or one that calls it.
type podView struct {
	pod   *Pod
	other *Pod // the same service on the other day, which is taken as what went before
	row   int  // the first after the change
}

// podOutcome is when a watch reached each grade, and whether it was first likely by the
// loss of a signal.
type podOutcome struct {
	reached
	lost     bool
	furthest float64 // see podRun
}

// watch learns every signal of the pod and judges them together, minute by minute.
func (r Recording) watch(w podWatch) podOutcome {
	run := newPodRun()
	for _, s := range podSignals {
		history, after := r.values(w, w.podView, s.Name)
		run.add(s, history, after)
	}
	return run.judge()
}

// values are a signal's history up to a watch, the other day in front and without the faults
// of the watched pod, and its after-ticks.
func (r Recording) values(w podWatch, from podView, column string) (history, after []float64) {
	for _, part := range []struct {
		pod   *Pod
		owner string // whose faults are cut out
		end   int
	}{{from.other, w.other.Name, len(from.other.Times)}, {from.pod, w.pod.Name, from.row}} {
		values := part.pod.Columns[column]
		if values == nil {
			return nil, nil
		}
		for i, faulty := range r.faulty(part.owner, part.pod.Times[:part.end], w.fault.At) {
			if !faulty {
				history = append(history, values[i])
			}
		}
	}
	values := from.pod.Columns[column]
	return history, values[from.row:min(from.row+window, len(values))]
}

// podRun is some signals that are judged together.
type podRun struct {
	plan          detector.Plan
	profiles      detector.Profiles
	before, after map[string][]float64

	// furthest is the smallest share of the moments of a signal's history at which it moved as
	// far the bad way as it does now; 1 before the first signal. It owes nothing to the detector.
	furthest float64
}

func newPodRun() *podRun {
	return &podRun{planOf(time.Minute), detector.Profiles{}, map[string][]float64{}, map[string][]float64{}, 1}
}

// add learns one signal.
func (r *podRun) add(s detector.Signal, history, after []float64) {
	if len(history) < window {
		return
	}
	s.Kind = detector.Level
	quiet := learnQuiet(s.Worse, history)
	r.plan.Signals = append(r.plan.Signals, s)
	r.profiles[s.Name], r.before[s.Name], r.after[s.Name] = quiet.profile, quiet.before, after
	r.furthest = min(r.furthest, shareOfMoves(s.Worse, history, after))
}

// judge judges the signals, if there are any.
func (r *podRun) judge() podOutcome {
	if len(r.plan.Signals) == 0 {
		return podOutcome{furthest: r.furthest}
	}
	out := lookAtAll(r.plan, r.profiles, r.before, r.after)
	out.furthest = r.furthest
	return out
}

// lookAtAll judges several signals tick by tick.
func lookAtAll(p detector.Plan, k detector.Profiles, before, after map[string][]float64) podOutcome {
	var out podOutcome
	read := func(n int) (all []detector.Reading) {
		for _, s := range p.Signals {
			visible := after[s.Name][:min(n, len(after[s.Name]))]
			all = append(all, readingOf(s.Name, before[s.Name], visible))
		}
		return all
	}
	for n, v := range verdicts(p, k, simulated, p.After, read) {
		if out.reached[detector.Likely] == 0 && v.Grade >= detector.Likely {
			out.lost = slices.ContainsFunc(v.Signals, func(e detector.Evidence) bool {
				return e.Grade >= detector.Likely && e.Reason == detector.SignalLost
			})
		}
		out.note(v.Grade, n)
	}
	return out
}

// moveTicks is over how many minutes a move is a mean. A fault takes about three, and may begin
// late in the first one.
const moveTicks = 4

// shareOfMoves is the share of the moments of a history at which the signal moved as far the
// bad way as after it. It is 1 where nothing can be compared.
func shareOfMoves(worse detector.Worse, history, after []float64) float64 {
	now := moveOf(worse, history[len(history)-window:], after)
	if math.IsNaN(now) {
		return 1
	}
	as, all := 1.0, 1.0 // the move itself is one
	for at := window; at+moveTicks <= len(history); at++ {
		if move := moveOf(worse, history[at-window:at], history[at:]); !math.IsNaN(move) {
			all++
			if move >= now {
				as++
			}
		}
	}
	return as / all
}

// moveOf is how far the first minutes are from the median before, upward if that is worse.
func moveOf(worse detector.Worse, before, after []float64) float64 {
	there := stats.Finite(nil, after[:min(moveTicks, len(after))])
	if len(there) == 0 {
		return math.NaN()
	}
	move := stats.Mean(there) - stats.Median(before, nil)
	switch worse {
	case detector.Lower:
		return -move
	case detector.Either:
		return math.Abs(move)
	}
	return move
}

// missedTicks is after how many ticks without a value a signal counts as gone: three
// scrapes, as internal/gather counts them.
const missedTicks = 3

// readingOf is the reading of a signal of a store that is alive and is asked once a minute,
// which is a tick.
func readingOf(signal string, before, after []float64) detector.Reading {
	r := detector.Reading{
		Signal: signal, Supply: detector.Fresh,
		Before: detector.Ticks{Value: before}, After: detector.Ticks{Value: after},
	}
	silent := silentTicks(after)
	if silent == len(after) {
		silent += silentTicks(before)
	}
	switch {
	case silent > len(after)+missedTicks:
		r.Supply = detector.Unmatched
	case silent > missedTicks && len(after) >= missedTicks:
		r.Supply, r.Silent = detector.Gone, time.Duration(silent)*time.Minute
	}
	return r
}

// silentTicks is how many of the last ticks have no value.
func silentTicks(x []float64) int {
	for i := len(x) - 1; i >= 0; i-- {
		if !math.IsNaN(x[i]) {
			return len(x) - 1 - i
		}
	}
	return len(x)
}
