package accuracy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// The counters of a pod: requests that went well, requests that failed, and a latency
// histogram's count, sum, and events in the bucket of fast ones.
const (
	okCounter = iota
	badCounter
	countCounter
	sumCounter
	fastCounter
	podCounters
)

// A pod's counters are sampled every half minute, from half an hour and a tick before the
// change until the end of the bake.
const (
	podStep    = 30 * time.Second
	podPerTick = int(time.Minute / podStep)
	podBefore  = (window + 1) * podPerTick // the sample at the change
	podLength  = podBefore + window*podPerTick + 1
)

// load is the traffic of one pod, and which part of it fails or is slow.
type load struct{ perStep, bad, slow, seconds float64 }

// The loads before a change, and after one that is bad.
var (
	usualLoad = load{perStep: 100, bad: 0.0017, slow: 0.02, seconds: 0.1}
	worseLoad = load{perStep: 100, bad: 0.048, slow: 0.2, seconds: 0.2}
)

// dirtyPod is one pod's counters at every sample; NaN where the store gives none.
type dirtyPod struct {
	name     string
	counters [podCounters][]float64
}

// lifetime is what a pod has counted before the first sample.
var lifetime = [podCounters]float64{3e6, 17_000, 3e6, 3e5, 2.9e6}

// newPod draws a pod whose load gets worse with the change, or not.
func newPod(r *rand.Rand, name string, began [podCounters]float64, worse bool) *dirtyPod {
	p := &dirtyPod{name: name}
	for c := range p.counters {
		p.counters[c] = make([]float64, podLength)
		p.counters[c][0] = began[c]
	}
	for i := 1; i < podLength; i++ {
		l := usualLoad
		if worse && i > podBefore {
			l = worseLoad
		}
		for c, grown := range l.draw(r) {
			p.counters[c][i] = p.counters[c][i-1] + grown
		}
	}
	return p
}

// draw is what the counters grow by in a step.
func (l load) draw(r *rand.Rand) [podCounters]float64 {
	n := distuv.Poisson{Lambda: l.perStep, Src: r}.Rand()
	part := func(share float64) float64 { return min(distuv.Poisson{Lambda: n * share, Src: r}.Rand(), n) }
	bad := part(l.bad)
	return [podCounters]float64{n - bad, bad, n, n * l.seconds * (1 + 0.05*r.NormFloat64()), n - part(l.slow)}
}

// each changes some counters of a pod, from a sample on.
func (p *dirtyPod) each(which []int, from, to int, change func(v float64, i int) float64) {
	for _, c := range which {
		for i := max(from, 0); i < min(to, podLength); i++ {
			p.counters[c][i] = change(p.counters[c][i], i)
		}
	}
}

// dirtyForm is a kind of signal over the pods.
type dirtyForm struct {
	Name   string
	signal detector.Signal
	raw    func(pods []*dirtyPod, from, to int) detector.Raw
	whole  bool // its counters come in one sample
}

// dirtyLimit is a share of bad events that a rule calls wrong by itself.
var dirtyLimit = 0.4

// dirtyForms are the signals that are read from counters.
var dirtyForms = []dirtyForm{
	{"errors of a counter", detector.Signal{Name: "errors", Kind: detector.Counts, Worse: detector.Higher, MinEffect: detector.MinEffect{Absolute: 0.005}, MinEvents: 50, Limit: &dirtyLimit}, countsRaw, false},
	{"slow share of a histogram", detector.Signal{Name: "slow", Kind: detector.Counts, Worse: detector.Higher, MinEffect: detector.MinEffect{Absolute: 0.02}, MinEvents: 50, Limit: &dirtyLimit}, slowRaw, false},
	{"mean of a histogram", detector.Signal{Name: "mean", Kind: detector.Level, Worse: detector.Higher, MinEffect: detector.MinEffect{Relative: 0.1}}, meanRaw, false},
	{"slow share of a native histogram", detector.Signal{Name: "native", Kind: detector.Counts, Worse: detector.Higher, MinEffect: detector.MinEffect{Absolute: 0.02}, MinEvents: 50, Limit: &dirtyLimit}, nativeRaw(detector.FormNativeSlow), true},
	{"mean of a native histogram", detector.Signal{Name: "nativemean", Kind: detector.Level, Worse: detector.Higher, MinEffect: detector.MinEffect{Relative: 0.1}}, nativeRaw(detector.FormNativeMean), true},
}

// podSeries are the samples from one place to another, both included, of one counter of every
// pod; a pod without any is left out.
func podSeries(pods []*dirtyPod, counter, from, to int, labels ...string) []sources.Series {
	var all []sources.Series
	for _, p := range pods {
		s := sources.Series{Labels: map[string]string{"pod": p.name}}
		for i := 0; i+1 < len(labels); i += 2 {
			s.Labels[labels[i]] = labels[i+1]
		}
		for i := from; i <= to; i++ {
			if v := p.counters[counter][i]; !math.IsNaN(v) {
				s.Samples = append(s.Samples, sources.Sample{T: sampleTime(i), V: v})
			}
		}
		if len(s.Samples) > 0 {
			all = append(all, s)
		}
	}
	return all
}

func sampleTime(i int) int64 {
	return simulated.Add(time.Duration(i-podBefore) * podStep).UnixMilli()
}

func countsRaw(pods []*dirtyPod, from, to int) detector.Raw {
	bad := podSeries(pods, badCounter, from, to, "code", "500")
	return detector.Raw{Form: detector.FormCounts, Value: append(podSeries(pods, okCounter, from, to, "code", "200"), bad...), Part: bad}
}

func slowRaw(pods []*dirtyPod, from, to int) detector.Raw {
	return detector.Raw{Form: detector.FormSlow, Value: podSeries(pods, countCounter, from, to), Part: podSeries(pods, fastCounter, from, to, "le", "0.5")}
}

func meanRaw(pods []*dirtyPod, from, to int) detector.Raw {
	return detector.Raw{Form: detector.FormMean, Value: podSeries(pods, sumCounter, from, to), Part: podSeries(pods, countCounter, from, to)}
}

// nativeRaw makes native histograms of two buckets.
func nativeRaw(form detector.Form) func(pods []*dirtyPod, from, to int) detector.Raw {
	return func(pods []*dirtyPod, from, to int) detector.Raw {
		r := detector.Raw{Form: form, Edge: 0.5}
		for _, p := range pods {
			s := sources.Series{Labels: map[string]string{"pod": p.name}}
			for i := from; i <= to; i++ {
				n, sum, fast := p.counters[countCounter][i], p.counters[sumCounter][i], p.counters[fastCounter][i]
				if !math.IsNaN(n + sum + fast) {
					s.Histograms = append(s.Histograms, sources.HistogramSample{T: sampleTime(i), Count: n, Sum: sum, Buckets: []sources.Bucket{
						{Lower: 0.25, Upper: 0.5, Count: fast}, {Lower: 0.5, Upper: 1, Count: max(n-fast, 0)},
					}})
				}
			}
			if len(s.Histograms) > 0 {
				r.Value = append(r.Value, s)
			}
		}
		return r
	}
}

func podName(i int) string { return fmt.Sprintf("pod-%d", i) }
