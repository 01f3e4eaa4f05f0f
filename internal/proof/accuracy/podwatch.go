package accuracy

import (
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
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

// podWatch is a watch of all signals of one pod, from one row on.
type podWatch struct {
	pod   *Pod
	other *Pod // the same service on the other day, which is taken as what went before
	row   int
	fault Fault // that is looked at; empty: none
	idle  bool
}

// podOutcome is when a watch reached each grade, and whether it was first likely by the
// loss of a signal.
type podOutcome struct {
	reached
	lost bool
}

// watch learns every signal of the pod and judges them together, minute by minute.
func (r Recording) watch(w podWatch) podOutcome {
	p, k := planOf(time.Minute), detector.Profiles{}
	before, after := map[string][]float64{}, map[string][]float64{}
	for _, s := range podSignals {
		history, next := r.values(w, s.Name)
		if len(history) < window {
			continue
		}
		s.Kind = detector.Level
		p.Signals = append(p.Signals, s)
		quiet := learnQuiet(s.Worse, history)
		k[s.Name], before[s.Name], after[s.Name] = quiet.profile, quiet.before, next
	}
	return lookAtAll(p, k, before, after)
}

// values are a signal's history up to a watch, the other day in front and without the
// pod's own faults, and its after-ticks.
func (r Recording) values(w podWatch, column string) (history, after []float64) {
	for _, part := range []struct {
		pod *Pod
		end int
	}{{w.other, len(w.other.Times)}, {w.pod, w.row}} {
		values := part.pod.Columns[column]
		if values == nil {
			return nil, nil
		}
		for i, faulty := range r.faulty(*part.pod, w.fault.At)[:part.end] {
			if !faulty {
				history = append(history, values[i])
			}
		}
	}
	values := w.pod.Columns[column]
	return history, values[w.row:min(w.row+window, len(values))]
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
