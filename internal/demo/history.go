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

// PerSecond is how many requests the shop's customers send. At half of it one
// demonstration in twenty would end before v3 was certain to be bad.
const PerSecond = 200

// Past is how far the history reaches back: more than the six hours below
// which a verdict by statistics is capped.
const Past = 7 * time.Hour

// History gives the series the shop would have left behind had it run v1 until
// now, a sample a second. address becomes the label instance, as scraping
// gives it. Counters end wherever they end: the live process starts again at
// zero, which reads as the restart it is.
func History(latencies []time.Duration, address string, now time.Time) []sources.Series {
	p := past{random: rand.New(rand.NewPCG(1, 2)), latencies: latencies, address: address, counters: counters{}, pages: map[string]page{}, series: map[[4]string]*sources.Series{}}
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

// past is a shop whose seconds go by in no time.
type past struct {
	random    *rand.Rand
	latencies []time.Duration
	drift     float64 // how much slower the shop is at the moment, as a logarithm
	address   string
	counters  counters
	pages     map[string]page
	series    map[[4]string]*sources.Series
}

// counters are what the shop counts, by name and labels as in its /metrics.
type counters map[[4]string]*float64

func (c counters) of(labels ...string) *float64 {
	key := [4]string(append(labels, make([]string, 4-len(labels))...))
	if c[key] == nil {
		c[key] = new(float64)
	}
	return c[key]
}

// page holds the counters of one route: five million requests go by, too many
// to look each of their counters up.
type page struct {
	well, failed, count, sum *float64
	orders                   *float64 // nil: nobody orders here
	buckets                  []*float64
}

func (p *past) open(route string) page {
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

// The past is sometimes slower, sometimes faster, by half a minute and a
// seventh, as machines are that do other things too. With a past calmer than
// the machine it runs on, every hiccup of the demonstration would look like news.
const (
	memory = 0.97
	wander = 0.15
)

// second lets one second of customers in. Their number breathes by a tenth
// over two hours, as the noise of a quiet afternoon.
func (p *past) second(at time.Time) {
	p.drift = memory*p.drift + math.Sqrt(1-memory*memory)*wander*p.random.NormFloat64()
	wave := 1 + 0.05*math.Sin(2*math.Pi*float64(at.Unix()%7200)/7200)
	for route, share := range shop.Routes {
		expected := PerSecond * float64(share) / 100 * wave
		for range p.poisson(expected) {
			p.request(p.pages[route])
		}
	}
}

// poisson draws a count; the normal approximation serves for ten and more.
func (p *past) poisson(mean float64) int {
	return max(0, int(math.Round(mean+math.Sqrt(mean)*p.random.NormFloat64())))
}

func (p *past) request(at page) {
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

// number is a bound as Prometheus writes it in le.
func number(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "+Inf"
	case f == math.Trunc(f):
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// scrape notes every counter as Prometheus would have seen it.
func (p *past) scrape(at time.Time) {
	for of, value := range p.counters {
		s, ok := p.series[of]
		if !ok {
			s = &sources.Series{Labels: p.labels(of), Samples: make([]sources.Sample, 0, int(Past/time.Second))}
			p.series[of] = s
		}
		s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: *value})
	}
}

func (p *past) labels(of [4]string) map[string]string {
	all := map[string]string{"__name__": of[0], "job": "shop", "instance": p.address}
	if of[1] != "" {
		all[of[1]] = of[2]
	}
	if of[3] != "" {
		all["route"] = of[3]
	}
	return all
}

// Measure runs a shop of its own for a moment and gives how long it took over
// each request. It is never empty without an error.
func Measure(ctx context.Context, forThisLong time.Duration) ([]time.Duration, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a shop to measure: %w", err)
	}
	sample := newSample(shop.New("", nil).Handler())
	server := &http.Server{Handler: sample, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	ctx, cancel := context.WithTimeout(ctx, forThisLong)
	defer cancel()
	shop.Load(ctx, "http://"+listener.Addr().String(), PerSecond)
	return sample.all()
}
