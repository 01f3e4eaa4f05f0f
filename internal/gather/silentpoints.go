package gather

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// silentPoints are the points of a grid, in Unix milliseconds, at which the store had
// received nothing for more than a scrape and a half.
//
// Prometheus repeats the last sample of a series for five minutes. A store that was down or
// cut off for two minutes therefore shows two minutes without growth, which looks like
// traffic that fell to zero. The store's heartbeat tells such a stretch from a quiet service.
//
// See adr/0010.
func silentPoints(ctx context.Context, r Ranger, w sources.Window, step time.Duration) (map[int64]bool, error) {
	if r.HeartbeatExpr() == "" {
		return nil, nil
	}
	heartbeats, err := r.Range(ctx, sources.Query{Expr: r.HeartbeatExpr(), Step: step}, w)
	if err != nil || len(heartbeats) != 1 {
		return nil, err // several series are no single heartbeat
	}
	slack := 1.5 * max(r.Resolution().Seconds(), medianInterval(heartbeats[0].Samples))
	silent := map[int64]bool{}
	for _, p := range heartbeats[0].Samples {
		since := float64(p.T)/1000 - p.V
		if since < -maxAhead.Seconds() {
			return nil, errAhead
		}
		if since > slack {
			silent[p.T] = true
		}
	}
	return silent, nil
}

// maxAhead is how far a heartbeat may be ahead of the moment it was asked for:
// targets may have clocks of their own.
const maxAhead = 2 * time.Minute

var errAhead = errors.New("the store's newest sample is in the future, so its answers cannot be trusted: check its clock")

// medianInterval is the median time between two beats, in seconds. The store may scrape less
// often than pushback.yml says.
func medianInterval(beats []sources.Sample) float64 {
	var gaps []float64
	for i := 1; i < len(beats); i++ {
		if gap := beats[i].V - beats[i-1].V; gap > 0 && !math.IsInf(gap, 0) {
			gaps = append(gaps, gap)
		}
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return gaps[(len(gaps)-1)/2]
}

// dropPoints drops the silent points from every series.
func dropPoints(ss []sources.Series, silent map[int64]bool) []sources.Series {
	if len(silent) == 0 {
		return ss
	}
	kept := make([]sources.Series, len(ss))
	for i, s := range ss {
		s.Samples = slices.DeleteFunc(slices.Clone(s.Samples), func(p sources.Sample) bool { return silent[p.T] })
		s.Histograms = slices.DeleteFunc(slices.Clone(s.Histograms), func(p sources.HistogramSample) bool { return silent[p.T] })
		kept[i] = s
	}
	return kept
}
