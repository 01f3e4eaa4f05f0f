package sources

import (
	"fmt"
	"time"
)

// Window is an interval of time, both ends included.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Query is an expression of the store's own language, evaluated at every Step
// of a window.
type Query struct {
	Expr string        `json:"expr"`
	Step time.Duration `json:"step"`
}

// Sample is one value at one moment. T is Unix time in milliseconds: the
// resolution of every known store, and half the memory of a time.Time.
type Sample struct {
	T int64
	V float64
}

// Series is the samples of one set of labels, in ascending time. A series of a
// native histogram has Histograms and no Samples.
type Series struct {
	Labels     map[string]string
	Samples    []Sample
	Histograms []HistogramSample
}

// HistogramSample is a native histogram at one moment. Buckets ascend, are
// not cumulative, and do not overlap; Count may exceed their sum, because NaN falls into no bucket.
type HistogramSample struct {
	T       int64
	Count   float64
	Sum     float64
	Buckets []Bucket
}

// Bucket counts the observations in (Lower, Upper].
type Bucket struct {
	Lower, Upper, Count float64
}

// FaultKind says in what way a metric store failed to answer.
type FaultKind string

// The kinds of fault. None of them is ever evidence about a change.
const (
	SourceError FaultKind = "source_error" // the store could not be asked, refused, or answered only in part
	NoData      FaultKind = "no_data"      // the store answered that it has nothing at all
	StaleData   FaultKind = "stale_data"   // the newest sample is older than it should be
)

// FaultKinds are all kinds of fault.
var FaultKinds = []FaultKind{SourceError, NoData, StaleData}

// Fault is the only error a Ranger returns. Its text never holds a secret: no
// URL user info, no header, no response body beyond its first line.
type Fault struct {
	Kind  FaultKind
	Store string // the store's name in pushback.yml
	Err   error

	// Refused says that the store works and cannot evaluate the expression, such as a
	// function it does not have. Asking again gives the same.
	Refused bool
}

// Error names the store, what went wrong, and the cause.
func (f *Fault) Error() string { return fmt.Sprintf("%s: %s: %v", f.Store, f.Kind, f.Err) }

// Unwrap gives errors.Is and errors.As the cause.
func (f *Fault) Unwrap() error { return f.Err }
