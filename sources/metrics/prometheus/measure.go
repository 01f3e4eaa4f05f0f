package prometheus

import (
	"context"
	"math"
	"time"
)

// defaultResolution serves until Measure has found the store's own.
const defaultResolution = 15 * time.Second

// interval is the median time between two scrapes of a target over the last
// ten minutes, in seconds. The first and the last sample are told apart and
// counted, because a young target has fewer than ten minutes of them.
const interval = `quantile(0.5, (
	max_over_time(timestamp(up)[10m:15s]) - min_over_time(timestamp(up)[10m:15s])
) / (count_over_time(up[10m]) - 1))`

// Measure finds out the scrape interval where pushback.yml does not give it.
// A store that scrapes nothing leaves it as it was.
func (s *Store) Measure(ctx context.Context) error {
	if s.config.Resolution > 0 {
		return nil
	}
	series, err := s.Instant(ctx, interval, s.now())
	if err != nil || len(series) != 1 || len(series[0].Samples) != 1 {
		return err
	}
	if seconds := math.Round(series[0].Samples[0].V); seconds >= 1 && seconds <= maxInterval.Seconds() {
		s.measured.Store(int64(seconds) * int64(time.Second))
	}
	return nil
}

// maxInterval is the longest interval taken for one: beyond Prometheus's
// lookback a series would be gone between two scrapes.
const maxInterval = 5 * time.Minute
