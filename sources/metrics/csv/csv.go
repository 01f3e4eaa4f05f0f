// Package csv reads series from files. It is for use without a metric store, for
// replaying an old incident, and for measuring the detector on recorded data.
//
// A folder is a store, a file is a series, and a query is the name of a file without
// .csv or .csv.gz. The first line names the columns. The columns timestamp (Unix
// seconds, fractions allowed) and value are read, and others are ignored:
//
//	timestamp,value
//	1640995200,6.24
//
// Rows may be in any order; of two rows with the same time the later one counts. The
// point at t is the last sample in (t − step, t]. If there is no sample, there is no
// point, so that a gap in a file stays a gap. PromQL would fill it by its lookback of
// five minutes.
//
// A query may contain names that other tools report, so that it is not trusted as a
// path: it can only name a file directly in the folder, and a symbolic link cannot
// lead out of the folder.
//
// A query reads its own file and no other, however many there are in the folder. What
// concerns the whole folder (its resolution and its heartbeat) is taken from at most
// spotFiles of them.
package csv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// Config is one store in pushback.yml.
type Config struct {
	Dir        string        `yaml:"dir"`
	Resolution time.Duration `yaml:"resolution"` // default: the median time between samples, of the file with the shortest one among spotFiles
}

// SetDirectory resolves a relative Dir against dir.
func (c *Config) SetDirectory(dir string) {
	if c.Dir != "" && !filepath.IsAbs(c.Dir) {
		c.Dir = filepath.Join(dir, c.Dir)
	}
}

// Store reads the files of one folder. It is safe for concurrent use.
type Store struct {
	name       string
	files      fs.FS // the folder; nothing outside can be opened
	close      func() error
	resolution time.Duration
	limit      int64 // bytes of one file after decompression
	cacheSize  int   // files in the cache

	mu      sync.Mutex
	cache   map[string]cached
	uses    uint64 // how often files were asked for
	listing listing
}

// Language is the query language: a query is the name of a file.
type Language struct{}

// Name is csv.
func (Language) Name() string { return "csv" }

// Selectors is false, because a query names one series.
func (Language) Selectors() bool { return false }

// Parse checks that the query can be the name of a file in the folder.
func (Language) Parse(query string) error { return checkName(query) }

// Match returns false, because a file has no labels.
func (Language) Match(map[string][]string) (string, bool) { return "", false }

// New opens the folder. Files may be added and removed later. The store only reads,
// with every access.
func New(o metrics.Options, c Config) (*Store, error) {
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
	s := newStore(o.Name, regularFiles{root}, c.Resolution)
	s.close = root.Close
	return s, nil
}

// newStore makes a store of these files.
func newStore(name string, files fs.FS, resolution time.Duration) *Store {
	s := &Store{
		name: name, files: files, close: func() error { return nil }, resolution: resolution,
		limit: maxFileBytes, cacheSize: maxCachedFiles, cache: map[string]cached{},
	}
	if s.resolution == 0 {
		s.resolution = s.closestSpacing()
	}
	return s
}

// Close closes the folder.
func (s *Store) Close() error { return s.close() }

// Name is the store's name in pushback.yml.
func (s *Store) Name() string { return s.name }

// Language is the query language.
func (s *Store) Language() sources.Language { return Language{} }

// Run does nothing.
func (s *Store) Run(context.Context) error { return nil }

// Resolution is the configured time between samples, or the shortest one of the files
// that New has looked into. A folder may have files by the minute and by the hour, and a
// rule sets the ticks it needs.
func (s *Store) Resolution() time.Duration { return s.resolution }

// Latency is 0, because a file hides no samples.
func (s *Store) Latency() time.Duration { return 0 }

// MeasureResolution does nothing, because New has found the resolution.
func (s *Store) MeasureResolution(context.Context) error { return nil }

// Range returns the series that q names at w.From and every q.Step after it, up to
// w.To. A missing file is a Fault of kind no_data.
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

// Instant returns the last sample within one Resolution before at.
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

// HeartbeatExpr is empty, because a sample counts for one step only: without new
// samples there are no points.
func (s *Store) HeartbeatExpr() string { return "" }

// Heartbeat returns the time of the newest sample, as of the time at, in any of spotFiles
// files. It stops at the first file with a sample within one Resolution before at. In a
// larger folder whose few live files are not among them the store is called silent, which
// makes a watch blind and never blames a change.
//
// The files that queries have read are not taken instead: what a watch is told must not
// depend on what others have asked before.
func (s *Store) Heartbeat(ctx context.Context, at time.Time) (time.Time, error) {
	var newest sources.Sample
	for _, query := range spread(s.queries(), spotFiles) {
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
		return time.Time{}, s.fault(sources.NoData, errors.New("no file has a sample yet"))
	}
	return time.UnixMilli(newest.T).UTC(), nil
}

// series returns a series with the points, or none without points.
func series(name string, points []sources.Sample) []sources.Series {
	if len(points) == 0 {
		return nil
	}
	return []sources.Series{{Labels: map[string]string{"__name__": name}, Samples: points}}
}

// firstAfter returns the index of the first sample later than t.
func firstAfter(samples []sources.Sample, t int64) int {
	return sort.Search(len(samples), func(i int) bool { return samples[i].T > t })
}

// lastValue returns the last value in (from, to], and false if there is none.
func lastValue(samples []sources.Sample, from, to int64) (float64, bool) {
	i := firstAfter(samples, to)
	if i == 0 || samples[i-1].T <= from {
		return 0, false
	}
	return samples[i-1].V, true
}

func (s *Store) fault(kind sources.FaultKind, err error) error {
	return &sources.Fault{Kind: kind, Store: s.name, Err: err}
}
