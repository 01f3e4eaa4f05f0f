// Package metrics defines the interface of metric stores. Each folder below it is one
// kind of store, which the table in internal/daemon lists and metricstest tests.
package metrics

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/pushback/pushback/sources"
)

// Store is a metric store. Every error of Range, Instant and Heartbeat is a
// *sources.Fault. It is safe for concurrent use.
type Store interface {
	// Range evaluates a query at w.From and every q.Step after it, up to w.To. An empty
	// result is no error.
	Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error)

	// Instant evaluates an expression at one time and returns one sample for each series.
	Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error)

	// Heartbeat returns the time of the newest sample of any series, as of the time at. A
	// store without samples is a Fault of kind no_data.
	Heartbeat(ctx context.Context, at time.Time) (time.Time, error)

	// HeartbeatExpr is an expression for the time of the newest sample of any series. It is
	// "" if the store fills no gaps, so that a gap shows without it.
	HeartbeatExpr() string

	// Resolution is the time between two samples. A smaller step shows no more samples.
	Resolution() time.Duration

	// MeasureResolution finds the Resolution by queries. It does nothing if the store knows it.
	// After an error the Resolution stays as it was.
	MeasureResolution(ctx context.Context) error

	// Latency is how long the store hides its newest samples, 0 if it hides none.
	Latency() time.Duration

	// Language is its query language.
	Language() sources.Language

	// Run does the store's own work, such as scraping, until ctx ends. A store without
	// work returns nil at once.
	Run(ctx context.Context) error

	io.Closer
}

// Scraper is a Store that collects its samples itself, from targets.
type Scraper interface {
	// Failing returns how many of how many targets could not be scraped when they were
	// tried last, and one of them with the reason.
	Failing() (failing, all int, example string)
}

// Clocked is a Store that runs by another clock than this process.
type Clocked interface {
	// Clock asks the store for its time, which is exact to a second.
	Clock(ctx context.Context) (time.Time, error)
}

// Trouble says in words what a Scraper cannot scrape. It is "" where there is nothing, and
// for every other store.
func Trouble(store any) string {
	s, scrapes := store.(Scraper)
	if !scrapes {
		return ""
	}
	failing, all, example := s.Failing()
	if failing == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d targets cannot be scraped (%s)", failing, all, example)
}

// Access is how a store is opened.
type Access int

// The accesses. With Check, New only checks the settings: it makes no call, creates no
// file and takes no lock. Of the Store that it returns, only Language, HeartbeatExpr,
// Latency and Close are used.
const (
	ReadWrite Access = iota
	ReadOnly         // a running daemon may have the store open
	Check
)

// Options are the arguments of New besides the adapter's own Config.
type Options struct {
	Name   string // the name of the store in pushback.yml
	Access Access
	Log    *slog.Logger
}
