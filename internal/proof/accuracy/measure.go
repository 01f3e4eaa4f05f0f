package accuracy

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/pushback/pushback/detector/stats"
)

// Options say what to measure.
type Options struct {
	Series  []Series
	Moments int    // how many to draw; fewer if the series are too short
	History int    // ticks learned from
	Seed    uint64 // equal seeds give equal reports
	Alone   bool   // the detector without its peers
	// Progress is called after every moment. It may be nil.
	Progress Progress
}

// errNoRoom is returned if no series is long enough.
var errNoRoom = errors.New("no series is longer than its history and a horizon, moves in it, and is free of incidents")

// caught is the result of one method for one scenario at one moment: the scores that
// exceed all earlier ones, for the time to detect.
type caught struct {
	score []float64 // ascending
	tick  []int     // at which they were reached, from 1
}

// best is the highest score reached.
func (c caught) best() float64 {
	if len(c.score) == 0 {
		return math.Inf(-1)
	}
	return c.score[len(c.score)-1]
}

// at is the first tick at which the threshold was reached; 0 for never.
func (c caught) at(threshold float64) int {
	i, _ := slices.BinarySearch(c.score, threshold)
	if i == len(c.score) {
		return 0
	}
	return c.tick[i]
}

// risingScores are the scores of a path that exceed all earlier ones.
func risingScores(path []float64) caught {
	var c caught
	for i, s := range path {
		if s > c.best() && s > 0 {
			c.score, c.tick = append(c.score, s), append(c.tick, i+1)
		}
	}
	return c
}

// Ours are the two methods of the detector.
var Ours = []Method{
	{Name: "Pushback, likely", Default: "p ≤ .01, effect present", Threshold: 2},
	{Name: "Pushback, certain", Default: "p ≤ .002, effect at two ticks in a row", Threshold: -math.Log10(0.002)},
}

// outcome is the result of one moment, by method and scenario. Scenario 0 is the
// unchanged series.
type outcome [][]caught

// Measure measures all methods. It uses every core. The result depends only on the
// options.
func Measure(ctx context.Context, o Options) (Report, error) {
	moments := draw(o.Series, o.Moments, o.History, o.Seed)
	if len(moments) == 0 {
		return Report{}, errNoRoom
	}
	outcomes := make([]outcome, len(moments))
	err := parallel(ctx, len(moments), o.Progress, func(i int) { outcomes[i] = o.measure(moments[i], uint64(i)) })
	if err != nil {
		return Report{}, err
	}
	return o.report(outcomes), nil
}

// methods are all measured methods, the detector's first.
func (o Options) methods() []Method {
	if o.Alone {
		return Ours
	}
	return slices.Concat(Ours, Peers)
}

// measure runs every scenario at one moment. Each moment has its own random source, so
// that the result does not depend on the order in which cores take moments.
func (o Options) measure(m moment, number uint64) outcome {
	profile := m.learn(o.History)
	spread := stats.NormalMAD * stats.MAD(m.before(), nil)
	methods := o.methods()
	out, watchers := make(outcome, len(methods)), make([]func(after []float64) []float64, len(methods))
	for i, method := range methods[len(Ours):] {
		watchers[len(Ours)+i] = method.watcher(m, o.History)
	}
	for s := 0; s <= len(Scenarios); s++ {
		after := m.after()
		if s > 0 {
			after = Scenarios[s-1].apply(rand.New(rand.NewPCG(o.Seed+number, uint64(s))), after, spread)
		}
		likely, certain := m.watch(profile, after)
		out[0], out[1] = append(out[0], risingScores(likely)), append(out[1], risingScores(certain))
		for i := len(Ours); i < len(methods); i++ {
			out[i] = append(out[i], risingScores(watchers[i](after)))
		}
	}
	return out
}
