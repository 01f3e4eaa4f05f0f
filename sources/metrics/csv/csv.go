// Package csv reads series from files: for working without a metric store,
// for replaying an old incident, and for measuring the detector on recorded
// data.
//
// A folder is a store and a file is a series; the query is the file's name
// without .csv or .csv.gz. The first line names the columns; timestamp (Unix
// seconds, fractions allowed) and value are read, others are ignored:
//
//	timestamp,value
//	1640995200,6.24
//
// Rows may stand in any order; of two at the same time the later line counts.
// The point at t is the last sample in (t − step,
// t]; where there is none, there is no point: a gap in a file is a gap, not
// a line drawn through it. PromQL's five minutes of looking back would draw
// one.
//
// A query may come from a rule with names filled in, so it is not trusted as
// a path: it can name a file directly in the folder and nothing else, and a
// symbolic link cannot lead out of it.
package csv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// Config is one store in pushback.yml.
type Config struct {
	Dir        string        `yaml:"dir"`
	Resolution time.Duration `yaml:"resolution"` // default: the median spacing of the file whose samples stand closest
}

// SetDirectory makes a relative Dir relative to dir.
func (c *Config) SetDirectory(dir string) {
	if c.Dir != "" && !filepath.IsAbs(c.Dir) {
		c.Dir = filepath.Join(dir, c.Dir)
	}
}

// Store answers from the files of one folder. It is safe for concurrent use.
type Store struct {
	name       string
	root       *os.Root
	resolution time.Duration
	limit      int64 // bytes of one file, unpacked

	mu    sync.Mutex
	cache map[string]cached
}

// Language is the names of files, as rules write them in a query.
type Language struct{}

// Name is csv.
func (Language) Name() string { return "csv" }

// Selectors is false: a file is one series.
func (Language) Selectors() bool { return false }

// Parse checks that the query can be the name of a file in the folder.
func (Language) Parse(query string) error { return checkName(query) }

// Match has nothing to write: a file has no labels.
func (Language) Match(map[string][]string) (string, bool) { return "", false }

// New opens the folder. Files may come and go later. It only reads, whatever the access.
func New(o metrics.Options, c Config) (*Store, error) {
	name := o.Name
	if c.Dir == "" {
		return nil, errors.New("dir is missing")
	}
	if c.Resolution < 0 {
		return nil, errors.New("resolution cannot be negative")
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("dir: opening the folder: %w", err)
	}
	s := &Store{name: name, root: root, resolution: c.Resolution, limit: maxFileBytes, cache: map[string]cached{}}
	if s.resolution == 0 {
		s.resolution = s.closestSpacing()
	}
	return s, nil
}

// Close lets the folder go.
func (s *Store) Close() error { return s.root.Close() }

// Name is the store's name in pushback.yml.
func (s *Store) Name() string { return s.name }

// Language is the names of files.
func (s *Store) Language() sources.Language { return Language{} }

// Run has nothing to do.
func (s *Store) Run(context.Context) error { return nil }

// Resolution is the configured spacing of samples, or the closest there is: a
// folder may hold minutes beside hours, and a rule says which ticks it wants.
func (s *Store) Resolution() time.Duration { return s.resolution }

// Latency is 0: a file hides nothing.
func (s *Store) Latency() time.Duration { return 0 }

// MeasureResolution does nothing: New has found the spacing of the samples.
func (s *Store) MeasureResolution(context.Context) error { return nil }

// Range gives the series that q names at w.From and every q.Step after it up
// to w.To. A file that is not there is a Fault of kind no_data.
func (s *Store) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	if q.Step < time.Millisecond {
		return nil, s.fault(sources.SourceError, fmt.Errorf("step %s is below a millisecond", q.Step))
	}
	samples, err := s.samples(ctx, q.Expr)
	if err != nil {
		return nil, err
	}
	step, points := q.Step.Milliseconds(), []sources.Sample(nil)
	for t := w.From.UnixMilli(); t <= w.To.UnixMilli(); t += step {
		if v, ok := lastValue(samples, t-step, t); ok {
			points = append(points, sources.Sample{T: t, V: v})
		}
	}
	return series(q.Expr, points), nil
}

// Instant gives the last sample within one Resolution before at.
func (s *Store) Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error) {
	samples, err := s.samples(ctx, expr)
	if err != nil {
		return nil, err
	}
	t := at.UnixMilli()
	if v, ok := lastValue(samples, t-s.resolution.Milliseconds(), t); ok {
		return series(expr, []sources.Sample{{T: t, V: v}}), nil
	}
	return nil, nil
}

// HeartbeatExpr is empty: a sample of a file holds for one step and no longer, so that
// a silence shows by itself.
func (s *Store) HeartbeatExpr() string { return "" }

// Heartbeat is the time of the newest sample in any file, as of at. It stops
// at the first file that is fresh.
func (s *Store) Heartbeat(ctx context.Context, at time.Time) (time.Time, error) {
	var newest sources.Sample
	for _, query := range s.queries() {
		samples, err := s.samples(ctx, query)
		if ctx.Err() != nil {
			return time.Time{}, err
		}
		if i := firstAfter(samples, at.UnixMilli()); err == nil && i > 0 && samples[i-1].T >= newest.T {
			newest = samples[i-1]
		}
		if at.UnixMilli()-newest.T < s.resolution.Milliseconds() {
			break
		}
	}
	if newest.T == 0 {
		return time.Time{}, s.fault(sources.NoData, errors.New("heartbeat gives nothing: no file has a sample yet"))
	}
	return time.UnixMilli(newest.T).UTC(), nil
}

func series(name string, points []sources.Sample) []sources.Series {
	if len(points) == 0 {
		return nil
	}
	return []sources.Series{{Labels: map[string]string{"__name__": name}, Samples: points}}
}

// firstAfter is the index of the first sample later than t.
func firstAfter(samples []sources.Sample, t int64) int {
	return sort.Search(len(samples), func(i int) bool { return samples[i].T > t })
}

// lastValue is the last value in (from, to].
func lastValue(samples []sources.Sample, from, to int64) (float64, bool) {
	i := firstAfter(samples, to)
	if i == 0 || samples[i-1].T <= from {
		return 0, false
	}
	return samples[i-1].V, true
}

// queries lists the folder's series, in name order.
func (s *Store) queries() []string {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return nil // the folder is gone: no series
	}
	var all []string
	for _, e := range entries {
		for _, extension := range extensions {
			if query, ok := strings.CutSuffix(e.Name(), extension); ok {
				all = append(all, query)
			}
		}
	}
	return all
}

// What is read to learn the spacing: the beginning of each file, of so many
// files at most.
const (
	spacingRows  = 100
	spacingFiles = 4096
)

// closestSpacing is the median distance of the first samples in the file where they
// stand closest; a minute where no file has two.
func (s *Store) closestSpacing() time.Duration {
	closest := time.Duration(0)
	queries := s.queries()
	for _, query := range queries[:min(len(queries), spacingFiles)] {
		samples, err := s.readFirstRows(query, spacingRows)
		if err != nil || len(samples) < 2 {
			continue
		}
		gaps := make([]int64, len(samples)-1)
		for i := range gaps {
			gaps[i] = samples[i+1].T - samples[i].T
		}
		slices.Sort(gaps)
		if median := time.Duration(gaps[len(gaps)/2]) * time.Millisecond; closest == 0 || median < closest {
			closest = median
		}
	}
	return cmp.Or(closest, time.Minute)
}

func (s *Store) fault(kind sources.FaultKind, err error) error {
	return &sources.Fault{Kind: kind, Store: s.name, Err: err}
}
