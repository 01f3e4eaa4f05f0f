package trains

import (
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/pushback/pushback/detector"
)

// cell is the shortest time that numbers are drawn for. All changes begin and end between two
// cells, so that every tick is whole cells.
const cell = 5 * time.Second

// service is one kind of service under one rule.
type service struct {
	name         string
	perMinute    float64 // requests
	share        float64 // of them that fail without a fault
	phi          float64 // overdispersion of failures
	swell        float64 // by how much traffic swells in six hours
	memory       float64 // of latency, from one cell to the next
	skew         bool    // latency is lognormal
	gaps         float64 // share of ticks that were not scraped
	bake, settle time.Duration
	history      time.Duration
}

// services are the kinds of the measurement.
var services = []service{
	{name: "3,000 requests a minute, ticks of 60 s", perMinute: 3000, share: 0.005, phi: 1, bake: 30 * time.Minute, settle: time.Minute, history: 9 * time.Hour},
	{name: "300 a minute, overdispersed, latency remembers, ticks of 30 s", perMinute: 300, share: 0.01, phi: 2, memory: 0.97, bake: 15 * time.Minute, settle: 30 * time.Second, history: 9 * time.Hour},
	{name: "60 a minute, latency lognormal, ticks of 60 s", perMinute: 60, share: 0.01, phi: 1, skew: true, bake: 30 * time.Minute, settle: time.Minute, history: 9 * time.Hour},
	{name: "1,200 a minute, strongly overdispersed, latency wanders, ticks of 15 s", perMinute: 1200, share: 0.004, phi: 5, memory: 0.998, bake: 5 * time.Minute, settle: 15 * time.Second, history: 7 * time.Hour},
	{name: "600 a minute, traffic swells, ticks of 120 s", perMinute: 600, share: 0.02, phi: 2, swell: 0.5, memory: 0.9, bake: time.Hour, settle: time.Minute, history: 12 * time.Hour},
	{name: "600 a minute, one scrape in ten missing, ticks of 15 s", perMinute: 600, share: 0.005, phi: 1, memory: 0.5, gaps: 0.1, bake: 5 * time.Minute, settle: 0, history: 7 * time.Hour},
	{name: "120 a minute, no history, ticks of 30 s", perMinute: 120, share: 0.01, phi: 1, memory: 0.9, bake: 15 * time.Minute, settle: time.Minute},
}

const (
	errorSignal   = "errors"
	latencySignal = "latency"
	// latencyLevel and latencyNoise are mean and standard deviation of a cell's latency.
	latencyLevel = 100.
	latencyNoise = 12.
)

// plan is that of the service's rule.
func (s service) plan() detector.Plan {
	const ticks = 30
	tick := (s.bake / ticks).Round(resolution)
	return detector.Plan{
		Rule: "red", Tick: tick, Before: ticks, After: max(1, int(s.bake/tick)), Thresholds: detector.DefaultThresholds,
		Signals: []detector.Signal{
			{Name: errorSignal, Kind: detector.Counts, Worse: detector.Higher, MinEffect: detector.MinEffect{Absolute: 0.005}, MinEvents: 20},
			{Name: latencySignal, Kind: detector.Level, Worse: detector.Higher, MinEffect: detector.MinEffect{Relative: 0.1}},
		},
	}
}

// cells are what was measured of a service, one a cell. A cell that was not scraped is missing
// from both signals.
type cells struct {
	bad, total, latency []float64
}

// draw draws n cells of a service. fault is the share of requests that a fault adds to the
// failures of a cell, and slow what it adds to its latency.
func (s service) draw(r *rand.Rand, n int, fault, slow func(cell int) float64) cells {
	c := cells{bad: make([]float64, n), total: make([]float64, n), latency: make([]float64, n)}
	state, phase := r.NormFloat64(), r.Float64()
	for i := range n {
		swell := 1 + s.swell*math.Sin(2*math.Pi*(phase+float64(i)*cell.Hours()/6))
		c.total[i] = distuv.Poisson{Lambda: s.perMinute * cell.Minutes() * swell, Src: r}.Rand()
		c.bad[i] = s.failures(r, c.total[i], s.share+fault(i))
		state = s.memory*state + math.Sqrt(1-s.memory*s.memory)*r.NormFloat64()
		c.latency[i] = latencyLevel + latencyNoise*state + slow(i)
		if s.skew {
			c.latency[i] = latencyLevel*math.Exp(0.3*state) + slow(i)
		}
	}
	for scrape := int(resolution / cell); s.gaps > 0 && n >= scrape; n -= scrape {
		if r.Float64() < s.gaps {
			c.forget(n-scrape, n)
		}
	}
	return c
}

// failures are negative binomial, cut at all requests.
func (s service) failures(r *rand.Rand, total, share float64) float64 {
	rate := total * min(share, 1)
	if s.phi > 1 && rate > 0 {
		rate = distuv.Gamma{Alpha: rate / (s.phi - 1), Beta: 1 / (s.phi - 1), Src: r}.Rand()
	}
	if !(rate > 0) {
		return 0
	}
	return min(distuv.Poisson{Lambda: rate, Src: r}.Rand(), total)
}

func (c cells) forget(from, to int) {
	for i := from; i < to; i++ {
		c.bad[i], c.total[i], c.latency[i] = math.NaN(), math.NaN(), math.NaN()
	}
}

// ticks puts the numbers of one signal on a grid whose ticks are whole cells. zero is when the
// first cell begins.
func (c cells) ticks(signal string, g detector.Grid, zero time.Time) detector.Ticks {
	t := detector.Ticks{Value: make(detector.Values, g.N)}
	if signal == errorSignal {
		t.Bad, t.Total = make(detector.Values, g.N), make(detector.Values, g.N)
	}
	for k := range g.N {
		from := int(g.Start.Add(time.Duration(k)*g.Tick).Sub(zero) / cell)
		to := min(from+int(g.Tick/cell), len(c.total))
		if signal == errorSignal {
			t.Bad[k], t.Total[k] = sum(c.bad[from:to]), sum(c.total[from:to])
			t.Value[k] = t.Bad[k] / t.Total[k]
			continue
		}
		t.Value[k] = sum(c.latency[from:to]) / float64(to-from)
	}
	return t
}

func sum(x []float64) float64 {
	all := 0.0
	for _, v := range x {
		all += v
	}
	return all
}

// learn learns the profiles of a service from a history without changes that ends at a moment.
func (s service) learn(r *rand.Rand, end time.Time) detector.Profiles {
	p, none := s.plan(), func(int) float64 { return 0 }
	n := int(s.history / p.Tick)
	k := detector.Profiles{}
	if n == 0 {
		return k
	}
	g := detector.Grid{Start: end.Add(-time.Duration(n) * p.Tick), Tick: p.Tick, N: n}
	c := s.draw(r, n*int(p.Tick/cell), none, none)
	for _, signal := range p.Signals {
		k[signal.Name] = detector.Learn(p, signal, detector.History{Start: g.Start, Ticks: c.ticks(signal.Name, g, g.Start)})
	}
	return k
}
