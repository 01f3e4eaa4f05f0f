package prometheus

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// defaultResolution serves until MeasureResolution has found the store's own.
const defaultResolution = 15 * time.Second

// newestSampleQuery gives the time of each target's newest sample.
const newestSampleQuery = "timestamp(up)"

// MeasureResolution finds out the scrape interval where pushback.yml does not give it:
// the median over the targets of the median time between two of their
// samples. A minute in steps of a second shows intervals of up to 15 seconds
// or so, ten minutes in steps of five the longer ones. A store that scrapes
// nothing leaves it as it was.
func (s *Store) MeasureResolution(ctx context.Context) error {
	if s.config.Resolution > 0 {
		return nil
	}
	for _, look := range []struct{ back, step time.Duration }{{time.Minute, time.Second}, {10 * time.Minute, 5 * time.Second}} {
		now := s.now().Truncate(time.Second)
		series, err := s.Range(ctx, sources.Query{Expr: newestSampleQuery, Step: look.step}, sources.Window{From: now.Add(-look.back), To: now})
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

// maxInterval is the longest interval taken for one: beyond Prometheus's
// lookback a series would be gone between two scrapes.
const maxInterval = 5 * time.Minute

// medianInterval is the median of the targets' median gaps, in seconds; 0 where no
// target shows three samples. Medians, because an outage is one long gap.
func medianInterval(targets []sources.Series) float64 {
	var medians []float64
	for _, t := range targets {
		if gaps := sampleGaps(t.Samples); len(gaps) >= 2 {
			medians = append(medians, median(gaps))
		}
	}
	return median(medians)
}

func sampleGaps(stamps []sources.Sample) []float64 {
	var found []float64
	for i := 1; i < len(stamps); i++ {
		if gap := stamps[i].V - stamps[i-1].V; gap > 0 {
			found = append(found, gap)
		}
	}
	return found
}

// median is the lower one of two; 0 of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[(len(v)-1)/2]
}
