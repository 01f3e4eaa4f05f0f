package metricstore

import "time"

// Scrape is the interval at which everything is scraped.
const Scrape = 15 * time.Second

const scrapeMillis = int64(Scrape / time.Millisecond)

// lookback is how long Prometheus repeats a series' last sample, in milliseconds.
const lookback = 5 * 60 * 1000

// offset is when within an interval a target is scraped, in milliseconds.
func (s *Store) offset(service, instance int) int64 {
	return int64(s.source(service<<8|instance, drawOffset).at(0) * float64(scrapeMillis))
}

// scrapeBefore is the last scrape of a target at or before t.
func (s *Store) scrapeBefore(service, instance int, t int64) int64 {
	return (t - s.offset(service, instance)) / scrapeMillis
}

// bounds are the first and the last scrape of a series between two moments, both included.
// Nothing was scraped in the future, nor before every counter began.
func (x series) bounds(from, to int64) (first, last int64) {
	s := x.store
	to = min(to, s.options.Now().UnixMilli())
	first = max(s.scrapeBefore(x.service, x.instance, from-1)+1, firstScrape/scrapeMillis)
	return first, s.scrapeBefore(x.service, x.instance, to)
}
