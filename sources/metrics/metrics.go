// Package metrics says what a metric store is. One folder below it is one kind of store;
// the table in internal/daemon names it, and metricstest holds it to the contract.
package metrics

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/pushback/pushback/sources"
)

// Store is a metric store. Every error of Range, Instant and Heartbeat is a
// *sources.Fault. It is safe for concurrent use.
type Store interface {
	// Range evaluates a query at w.From and every q.Step after it up to w.To. No series
	// is no error.
	Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error)

	// Instant evaluates an expression at one moment.
	Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error)

	// Heartbeat returns the time of the newest sample of anything, as of a moment. A
	// store without samples answers with a Fault of kind no_data.
	Heartbeat(ctx context.Context, at time.Time) (time.Time, error)

	// HeartbeatExpr is an expression for the time of the newest sample of anything, "" where
	// silences show by themselves because the store fills no gaps.
	HeartbeatExpr() string

	// Resolution is the time between two samples: no step below it shows more.
	Resolution() time.Duration

	// MeasureResolution lets the store find out its Resolution by asking for data. It does nothing
	// where the store knows it. An error leaves the last Resolution.
	MeasureResolution(ctx context.Context) error

	// Latency is how long the store hides its newest samples, 0 where it hides none.
	Latency() time.Duration

	// Language is what its queries are written in.
	Language() sources.Language

	// Run does the store's own work, such as scraping, until ctx ends. A store without
	// work returns nil at once.
	Run(ctx context.Context) error

	io.Closer
}

// Access is what a store is opened for.
type Access int

// The accesses. With Check, New reports what is wrong with the settings and does nothing
// else: it calls nobody, creates no file and takes no lock, and the Store it returns is
// only asked for its words (Language, HeartbeatExpr, Latency) and to Close.
const (
	ReadWrite Access = iota
	ReadOnly         // a running daemon may hold the store open
	Check
)

// Options are what New gets beside the adapter's own Config.
type Options struct {
	Name   string // in pushback.yml
	Access Access
	Log    *slog.Logger
}
