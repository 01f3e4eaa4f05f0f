package metricstore

import "math"

// target is one series' instance. Its samples are functions of the number of the scrape, which
// is counted since 1970.
type target struct {
	store             *Store
	service, instance int
	variant           int
}

type samplesOf func(scrape int64) float64

// firstScrape is when every counter began, in Unix milliseconds: 2026-01-01.
const firstScrape = 1767225600000

const (
	usualFailures  = 0.005 // of all requests
	brokenFailures = 0.3
)

// What draws are for.
const (
	drawRate = iota
	drawRequests
	drawFailures
	drawDuration
	drawQueue
	drawSales
	drawOffset
	drawBucket // the last one, because each bucket has its own
)

// source draws numbers in [0, 1), always the same for the same scrape.
type source uint64

func (s *Store) source(of int, tag int) source {
	return source(s.options.Seed ^ mixed(uint64(of)<<8|uint64(tag)))
}

func (d source) at(scrape int64) float64 {
	return float64(mixed(uint64(d)^uint64(scrape)*0xd1b54a32d192ed03)>>11) / (1 << 53)
}

// mixed is the finalizer of SplitMix64.
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// counted is a counter that grows by each every scrape, with the noise of independent events.
// The noise is of the level, so that a counter needs no history; it is smaller than the growth,
// so that the counter never falls.
func counted(d source, each float64) samplesOf {
	noise := math.Sqrt(6 * each)
	return func(scrape int64) float64 {
		return each*float64(scrape-firstScrape/scrapeMillis) + noise*d.at(scrape)
	}
}

func whole(f samplesOf) samplesOf { return func(scrape int64) float64 { return math.Floor(f(scrape)) } }

func (t target) id() int { return t.service<<8 | t.instance }

// perScrape is how many requests an instance gets between two scrapes.
func (t target) perScrape() float64 {
	return (5 + 15*t.store.source(t.service, drawRate).at(0)) * Scrape.Seconds()
}

// requests are all requests, not yet in whole numbers.
func (t target) requests() samplesOf {
	return counted(t.store.source(t.id(), drawRequests), t.perScrape())
}

func (t target) requestCount() samplesOf { return whole(t.requests()) }

// failed are usualFailures of all requests, and brokenFailures of those since the service broke
// down.
func (t target) failed() samplesOf {
	all, each, noise := t.requests(), t.perScrape(), t.store.source(t.id(), drawFailures)
	usual := func(scrape int64) float64 { return usualFailures * (all(scrape) + each*noise.at(scrape)) }
	broke := t.store.brokeAt(t.service)
	if broke == 0 {
		return whole(usual)
	}
	last := t.store.scrapeBefore(t.service, t.instance, broke)
	until := all(last)
	return whole(func(scrape int64) float64 {
		if scrape <= last {
			return usual(scrape)
		}
		return usual(scrape) + (brokenFailures-usualFailures)*(all(scrape)-until)
	})
}

func (t target) requestsByCode() samplesOf {
	failed := t.failed()
	if t.variant == codeFailed {
		return failed
	}
	all := t.requestCount()
	return func(scrape int64) float64 { return all(scrape) - failed(scrape) }
}

// seconds is how long all requests took together, in whole microseconds.
func (t target) seconds() samplesOf {
	all, noise := t.requests(), t.store.source(t.id(), drawDuration)
	mean, width := 0.05+0.1*t.store.source(t.service, drawDuration).at(0), math.Sqrt(6*t.perScrape())
	return func(scrape int64) float64 {
		return math.Floor(mean*(all(scrape)+width*noise.at(scrape))*1e6) / 1e6
	}
}

// edges are the upper bounds of the histogram's buckets, and the share of requests in each.
var edges = []struct {
	le    string
	share float64
}{{"0.05", 0.2}, {"0.1", 0.6}, {"0.3", 0.97}, {"1.0", 0.999}, {"+Inf", 1}}

func (t target) bucket() samplesOf {
	all, share, noise := t.requests(), edges[t.variant].share, t.store.source(t.id(), drawBucket+t.variant)
	width := math.Sqrt(6 * t.perScrape() * share * (1 - share))
	return whole(func(scrape int64) float64 {
		n := all(scrape)
		return min(share*n+width*noise.at(scrape), n)
	})
}

// queue is the length of a queue, between 100 and 500 with a tenth of noise.
func (t target) queue() samplesOf {
	noise := t.store.source(t.service, drawQueue)
	usual := 100 + 400*noise.at(0)
	return whole(func(scrape int64) float64 { return usual * (1 + (noise.at(scrape)+noise.at(-scrape)-1)/4) })
}

func (t target) sales() samplesOf {
	d := t.store.source(t.service, drawSales)
	return whole(counted(d, (1+4*d.at(0))*Scrape.Seconds()))
}

func (target) one() samplesOf { return func(int64) float64 { return 1 } }
