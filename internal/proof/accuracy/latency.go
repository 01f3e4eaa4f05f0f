package accuracy

import (
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/pushback/pushback/detector"
)

// service is simulated requests: log-normal latencies around a tenth of a
// second, of which a share takes a second longer.
type service struct{ perTick, later float64 }

// slowBound is the bucket edge that requests are counted against: the one at or
// above the 90th percentile of such latencies.
const slowBound = 0.25

// slowTail makes 2 % of all requests a second slower, and watches the two signals of
// their histogram: the mean and the share over slowBound. The profiles are learned from
// two days of minutes.
func slowTail(runs int, seed uint64) []CountRow {
	const changes, within = 50, 5 // under one profile; ticks
	r := rand.New(rand.NewPCG(seed, 4))
	quiet, worse := service{perTick: 1000}, service{perTick: 1000, later: 0.02}
	p := planOf(
		time.Minute,
		detector.Signal{Name: "mean", Kind: detector.Level, Worse: detector.Higher, MinEffect: detector.MinEffect{Relative: 0.1}},
		detector.Signal{Name: "slow", Kind: detector.Counts, Worse: detector.Higher, MinEffect: detector.MinEffect{Absolute: 0.01}, MinEvents: 50},
	)
	caught, alarms, tried := 0, 0, 0
	for tried < runs {
		mean, slow := quiet.draw(r, 2880)
		k, start := detector.Profiles{}, simulated.Add(-2*24*time.Hour)
		k["mean"] = detector.Learn(p, p.Signals[0], detector.History{Start: start, Ticks: mean})
		k["slow"] = detector.Learn(p, p.Signals[1], detector.History{Start: start, Ticks: slow})
		for range changes {
			alarms += watchTail(r, p, k, quiet, window)
			caught += watchTail(r, p, k, worse, within)
			tried++
		}
	}
	n := float64(tried)
	return []CountRow{
		countRow("false alarms, mean and slow share of a histogram, 1,000 requests a minute", detector.DefaultThresholds.Likely, window, float64(alarms)/n, n),
		countRow("2 % of 1,000 requests a minute take a second longer", detector.DefaultThresholds.Likely, within, float64(caught)/n, n),
	}
}

// watchTail is 1 if the rule of both signals reached likely within the ticks, else 0.
func watchTail(r *rand.Rand, p detector.Plan, k detector.Profiles, after service, within int) int {
	quiet := service{perTick: after.perTick}
	mean, slow := quiet.draw(r, window)
	meanAfter, slowAfter := after.draw(r, within)
	read := func(n int) []detector.Reading {
		return []detector.Reading{
			{Signal: "mean", Supply: detector.Fresh, Before: mean, After: detector.Ticks{Value: meanAfter.Value[:n]}},
			{Signal: "slow", Supply: detector.Fresh, Before: slow, After: detector.Ticks{Value: slowAfter.Value[:n], Bad: slowAfter.Bad[:n], Total: slowAfter.Total[:n]}},
		}
	}
	for _, v := range verdicts(p, k, simulated, within, read) {
		if v.Grade >= detector.Likely {
			return 1
		}
	}
	return 0
}

// latency is log-normal: the median is a tenth of a second, and a sixth of the latencies
// are over twice that.
var latency = distuv.LogNormal{Mu: math.Log(0.1), Sigma: 0.7}

// draw makes n ticks of the signals of a histogram: the mean, and the share slower than
// the bound. It draws the sum of a tick's latencies by the central limit theorem, not
// each latency.
func (s service) draw(r *rand.Rand, n int) (mean, slow detector.Ticks) {
	mean.Value = make(detector.Values, n)
	slow = detector.Ticks{Value: make(detector.Values, n), Bad: make(detector.Values, n), Total: make(detector.Values, n)}
	over := latency.Survival(slowBound)
	for i := range n {
		later := distuv.Binomial{N: s.perTick, P: s.later, Src: r}.Rand()
		mean.Value[i] = latency.Mean() + later/s.perTick + latency.StdDev()/math.Sqrt(s.perTick)*r.NormFloat64()
		bad := later + distuv.Binomial{N: s.perTick - later, P: over, Src: r}.Rand()
		slow.Bad[i], slow.Total[i], slow.Value[i] = bad, s.perTick, bad/s.perTick
	}
	return mean, slow
}
