package prometheus

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// defaultResolution is used until MeasureResolution has found the scrape interval.
const defaultResolution = 15 * time.Second

// newestSampleQuery returns the time of each target's newest sample.
const newestSampleQuery = "timestamp(up)"

// MeasureResolution finds the scrape interval if pushback.yml does not set it: the
// median over all targets of the median time between two samples of the target. It
// queries the last minute in steps of a second, which shows intervals up to about
// 15 s, and then ten minutes in steps of 5 s for longer ones. If nothing is
// scraped, the resolution stays as it is.
func (s *Store) MeasureResolution(ctx context.Context) error {
	if s.config.Resolution > 0 {
		return nil
	}
	for _, span := range []struct{ back, step time.Duration }{{time.Minute, time.Second}, {10 * time.Minute, 5 * time.Second}} {
		now := s.now().Truncate(time.Second)
		series, err := s.Range(ctx, sources.Query{Expr: newestSampleQuery, Step: span.step}, sources.Window{From: now.Add(-span.back), To: now})
		if err != nil {
			return err
		}
		if seconds := math.Round(medianInterval(series)); seconds >= 1 && seconds <= maxInterval.Seconds() {
			s.measured.Store(int64(seconds) * int64(time.Second))
			return nil
		}
	}
	return nil
}

// maxInterval is the longest scrape interval. With a longer one than Prometheus's
// lookback of five minutes, series would end between two scrapes.
const maxInterval = 5 * time.Minute

// medianInterval returns the median of the targets' median gaps, in seconds, or 0 if
// no target has three samples. It uses medians because an outage is one long gap.
func medianInterval(targets []sources.Series) float64 {
	var medians []float64
	for _, t := range targets {
		if gaps := sampleGaps(t.Samples); len(gaps) >= 2 {
			medians = append(medians, median(gaps))
		}
	}
	return median(medians)
}

// sampleGaps returns the times between samples, in seconds. stamps are the times of the
// newest sample at each step.
func sampleGaps(stamps []sources.Sample) []float64 {
	var found []float64
	for i := 1; i < len(stamps); i++ {
		if gap := stamps[i].V - stamps[i-1].V; gap > 0 {
			found = append(found, gap)
		}
	}
	return found
}

// median returns the median, the lower one of two, and 0 for no values. It sorts v.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[(len(v)-1)/2]
}
