package demo

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/pushback/pushback/internal/demo/shop"
	"github.com/pushback/pushback/sources"
)

// PerSecond is how many requests a second the shop's customers send. With half as
// many, v3 would not be judged certain in time in one demonstration of twenty.
const PerSecond = 200

// Past is the length of the history: more than the six hours below which verdicts
// by statistics are capped.
const Past = 7 * time.Hour

// History returns the series of a shop that ran v1 for Past until now, one sample a
// second, with latencies sampled from the given ones. address becomes the label
// instance, as scraping sets it. The live process starts its counters at zero again,
// which Pushback reads as a restart.
func History(latencies []time.Duration, address string, now time.Time) []sources.Series {
	p := simulation{random: rand.New(rand.NewPCG(1, 2)), latencies: latencies, address: address, counters: counters{}, pages: map[string]page{}, series: map[[4]string]*sources.Series{}}
	for route := range shop.Routes {
		p.pages[route] = p.open(route)
	}
	end := now.Truncate(time.Second)
	for at := end.Add(-Past); at.Before(end); at = at.Add(time.Second) {
		p.second(at)
		p.scrape(at)
	}
	all := make([]sources.Series, 0, len(p.series))
	for _, s := range p.series {
		all = append(all, *s)
	}
	return all
}

// simulation simulates a shop second by second.
type simulation struct {
	random    *rand.Rand
	latencies []time.Duration
	drift     float64 // logarithm of how much slower the shop is at this second
	address   string
	counters  counters
	pages     map[string]page
	series    map[[4]string]*sources.Series
}

// counters are the shop's counters, by name and labels as in its /metrics.
type counters map[[4]string]*float64

func (c counters) of(labels ...string) *float64 {
	key := [4]string(append(labels, make([]string, 4-len(labels))...))
	if c[key] == nil {
		c[key] = new(float64)
	}
	return c[key]
}

// page holds the counters of one route, because a look-up of each counter would be
// too slow for five million requests.
type page struct {
	well, failed, count, sum *float64
	orders                   *float64 // nil: the page takes no orders
	buckets                  []*float64
}

func (p *simulation) open(route string) page {
	of := page{
		well: p.counters.of("http_requests_total", "code", "200", route), failed: p.counters.of("http_requests_total", "code", "500", route),
		count: p.counters.of("http_request_duration_seconds_count", "", "", route),
		sum:   p.counters.of("http_request_duration_seconds_sum", "", "", route),
	}
	if route == "/checkout" {
		of.orders = p.counters.of("shop_orders_total")
	}
	for _, bound := range append(slices.Clone(shop.Buckets), math.Inf(1)) {
		of.buckets = append(of.buckets, p.counters.of("http_request_duration_seconds_bucket", "le", number(bound), route))
	}
	return of
}

// The simulated shop drifts between slower and faster, as a machine does that also
// does other things: by 15 % (one standard deviation), with a correlation of 0.97
// from one second to the next. Without the drift, normal variation of the live shop
// would look like a regression.
const (
	driftCorrelation = 0.97
	driftDeviation   = 0.15
)

// second simulates the requests of one second. Their number rises and falls by 5 %
// within two hours.
func (p *simulation) second(at time.Time) {
	p.drift = driftCorrelation*p.drift + math.Sqrt(1-driftCorrelation*driftCorrelation)*driftDeviation*p.random.NormFloat64()
	wave := 1 + 0.05*math.Sin(2*math.Pi*float64(at.Unix()%7200)/7200)
	for route, share := range shop.Routes {
		expected := PerSecond * float64(share) / 100 * wave
		for range p.poisson(expected) {
			p.request(p.pages[route])
		}
	}
}

// poisson samples a count, by the normal approximation, which is good enough for a
// mean of ten or more.
func (p *simulation) poisson(mean float64) int {
	return max(0, int(math.Round(mean+math.Sqrt(mean)*p.random.NormFloat64())))
}

func (p *simulation) request(at page) {
	if p.random.Float64() < 0.005 {
		*at.failed++
	} else {
		*at.well++
		if at.orders != nil {
			*at.orders++
		}
	}
	took := p.latencies[p.random.IntN(len(p.latencies))].Seconds() * math.Exp(p.drift)
	for i, bucket := range at.buckets {
		if i == len(shop.Buckets) || took <= shop.Buckets[i] {
			*bucket++
		}
	}
	*at.count++
	*at.sum += took
}

// number returns a bucket's bound as Prometheus writes it in the label le.
func number(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "+Inf"
	case f == math.Trunc(f):
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// scrape appends a sample of every counter.
func (p *simulation) scrape(at time.Time) {
	for of, value := range p.counters {
		s, ok := p.series[of]
		if !ok {
			s = &sources.Series{Labels: p.labels(of), Samples: make([]sources.Sample, 0, int(Past/time.Second))}
			p.series[of] = s
		}
		s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: *value})
	}
}

func (p *simulation) labels(of [4]string) map[string]string {
	all := map[string]string{"__name__": of[0], "job": "shop", "instance": p.address}
	if of[1] != "" {
		all[of[1]] = of[2]
	}
	if of[3] != "" {
		all["route"] = of[3]
	}
	return all
}

// Measure runs a shop for the given time and returns how long each request took:
// at least one, or an error.
func Measure(ctx context.Context, length time.Duration) ([]time.Duration, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting a shop to measure: %w", err)
	}
	meter := newLatencyMeter(shop.New("", nil).Handler())
	server := &http.Server{Handler: meter, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	shop.Load(ctx, "http://"+listener.Addr().String(), PerSecond)
	return meter.latencies()
}
