// Package telemetry describes every metric that /metrics serves: its type, what it says, and its
// labels.
//
// The library that counts (VictoriaMetrics/metrics) writes names and values alone. Write adds HELP
// and TYPE from the table of this package, and docs/metrics.md is generated from the same table, so
// that the page, the comments on the wire and the names in the code agree; tests hold it.
package telemetry

//go:generate go run generate.go

// Metric is one family of series.
type Metric struct {
	Name   string
	Type   Type
	Labels []string
	Help   string // one sentence, without a full stop
}

// Type is a type of Prometheus' text format.
type Type string

// The types. A Histogram of Pushback's own has the buckets of VictoriaMetrics (vmrange instead of le).
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
	Summary   Type = "summary"
)
