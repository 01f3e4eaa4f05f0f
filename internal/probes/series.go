package probes

import (
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/sources"
)

// buckets are the upper edges of the histogram of durations, in seconds.
var buckets = []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// tally is what one probe has counted since this process began.
type tally struct {
	own     map[string]string // the labels of all its series
	results map[Result]float64
	within  []float64 // durations up to each edge
	count   float64
	sum     float64
}

// newTally counts from zero. The label job is the service, as if the service itself were
// scraped, so that the default service catalogue finds it.
func newTally(s Settings) *tally {
	own := map[string]string{"job": s.Service, "service": s.Service, "probe": s.Name}
	if s.Environment != "" {
		own["environment"] = s.Environment
	}
	return &tally{own: own, results: map[Result]float64{}, within: make([]float64, len(buckets))}
}

// add counts one outcome.
func (t *tally) add(o Outcome) {
	t.results[o.Result]++
	seconds := o.Took.Seconds()
	for i, edge := range buckets {
		if seconds <= edge {
			t.within[i]++
		}
	}
	t.count++
	t.sum += seconds
}

// counters are the samples of all counters at a time.
func (t *tally) counters(at time.Time) []sources.Series {
	var all []sources.Series
	for _, r := range Results {
		all = append(all, t.series(at, "probe_requests_total", t.results[r], "result", string(r)))
	}
	const duration = "probe_request_duration_seconds"
	for i, edge := range buckets {
		all = append(all, t.series(at, duration+"_bucket", t.within[i], "le", strconv.FormatFloat(edge, 'g', -1, 64)))
	}
	return append(all, t.series(at, duration+"_bucket", t.count, "le", "+Inf"),
		t.series(at, duration+"_sum", t.sum), t.series(at, duration+"_count", t.count))
}

// gauges are the samples about one outcome, under the names of blackbox_exporter.
func (t *tally) gauges(at time.Time, o Outcome, kind string) []sources.Series {
	success := 0.0
	if o.Result == OK {
		success = 1
	}
	all := []sources.Series{
		t.series(at, "probe_success", success), t.series(at, "probe_duration_seconds", o.Took.Seconds()),
	}
	if kind == "http" {
		all = append(all, t.series(at, "probe_http_status_code", float64(o.Code)))
	}
	if !o.Expires.IsZero() {
		all = append(all, t.series(at, "probe_ssl_earliest_cert_expiry", float64(o.Expires.Unix())))
	}
	return all
}

// series is one series with one sample. pair is the name and value of a further label.
func (t *tally) series(at time.Time, name string, value float64, pair ...string) sources.Series {
	labels := map[string]string{model.MetricNameLabel: name}
	for k, v := range t.own {
		labels[k] = v
	}
	if len(pair) == 2 {
		labels[pair[0]] = pair[1]
	}
	return sources.Series{Labels: labels, Samples: []sources.Sample{{T: at.UnixMilli(), V: value}}}
}
