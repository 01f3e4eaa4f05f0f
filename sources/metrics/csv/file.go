package csv

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

const (
	maxFileBytes   = 64 << 20 // bytes of one file after decompression
	maxCachedFiles = 1024     // files in the cache
	maxNameBytes   = 200      // bytes of a query
)

// extensions are the extensions of files, in the order in which they are tried.
var extensions = []string{".csv", ".csv.gz"}

// cached holds the samples of a file, which are valid for this time and size.
type cached struct {
	modified time.Time
	size     int64
	samples  []sources.Sample
	used     uint64 // Store.uses when it was last asked for
}

// samples returns the samples of the file that query names.
func (s *Store) samples(ctx context.Context, query string) ([]sources.Sample, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.fault(sources.SourceError, err)
	}
	if err := checkName(query); err != nil {
		return nil, s.fault(sources.SourceError, err)
	}
	for _, extension := range extensions {
		samples, err := s.loadFile(ctx, query+extension)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, s.fault(sources.SourceError, fmt.Errorf("reading %q: %w", query+extension, err))
		}
		return samples, nil
	}
	return nil, s.fault(sources.NoData, fmt.Errorf("there is no file %q or %q in the folder", query+".csv", query+".csv.gz"))
}

// checkName checks that a query can only name a file directly in the folder.
func checkName(query string) error {
	switch {
	case query == "" || len(query) > maxNameBytes:
		return fmt.Errorf("query must be a file name of 1 to %d bytes without .csv", maxNameBytes)
	case strings.ContainsAny(query, "/\\\x00"), strings.HasPrefix(query, "."):
		return errors.New("query must be a file name without .csv: no slash, and no dot in front")
	}
	return nil
}

// loadFile reads a file, or takes it from the cache if it has not changed.
func (s *Store) loadFile(ctx context.Context, file string) ([]sources.Sample, error) {
	f, err := s.files.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	if hit, ok := s.cachedSamples(file, info); ok {
		return hit, nil
	}
	samples, err := readSamples(ctx, f, strings.HasSuffix(file, ".gz"), s.limit, math.MaxInt)
	if err != nil {
		return nil, err
	}
	s.cacheSamples(file, info, samples)
	return samples, nil
}

// readFirstRows returns the first samples of the file that query names, without
// caching them.
func (s *Store) readFirstRows(query string, maxRows int) ([]sources.Sample, error) {
	var failure error
	for _, extension := range extensions {
		f, err := s.files.Open(query + extension)
		if err != nil {
			failure = err
			continue
		}
		defer f.Close()
		return readSamples(context.Background(), f, extension == ".csv.gz", s.limit, maxRows)
	}
	return nil, failure
}

// cachedSamples returns the cached samples of a file, and false if it has changed.
func (s *Store) cachedSamples(file string, info fs.FileInfo) ([]sources.Sample, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hit, ok := s.cache[file]
	if !ok || !hit.modified.Equal(info.ModTime()) || hit.size != info.Size() {
		return nil, false
	}
	s.uses++
	hit.used = s.uses
	s.cache[file] = hit
	return hit.samples, true
}

// cacheSamples stores the samples of a file. Of a full cache it drops the file that was
// not asked for the longest: to clear the cache would make every query read its file
// again as soon as a heartbeat or a backtest goes through many files.
func (s *Store) cacheSamples(file string, info fs.FileInfo, samples []sources.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.cache[file]; !there && len(s.cache) >= s.cacheSize {
		s.dropLeastUsed()
	}
	s.uses++
	s.cache[file] = cached{modified: info.ModTime(), size: info.Size(), samples: samples, used: s.uses}
}

func (s *Store) dropLeastUsed() {
	oldest, least := "", uint64(math.MaxUint64)
	for file, c := range s.cache {
		if c.used < least {
			oldest, least = file, c.used
		}
	}
	delete(s.cache, oldest)
}

// readSamples reads one file, but at most maxRows of its rows. limit bounds its size
// in bytes after decompression. Errors name the line.
func readSamples(ctx context.Context, r io.Reader, gzipped bool, limit int64, maxRows int) ([]sources.Sample, error) {
	if gzipped {
		unpacked, err := gzip.NewReader(bufio.NewReader(r))
		if err != nil {
			return nil, fmt.Errorf("decompressing: %w", err)
		}
		defer unpacked.Close()
		r = unpacked
	}
	table := csv.NewReader(&limitedReader{r: r, left: limit, limit: limit, ctx: ctx})
	table.ReuseRecord = true
	header, err := table.Read()
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	at, value := columnIndex(header, "timestamp"), columnIndex(header, "value")
	if at < 0 || value < 0 {
		return nil, errors.New("line 1: the header must name the columns timestamp and value")
	}
	return readRows(table, at, value, maxRows)
}

// columnIndex returns the index of a column in the header, -1 if it is missing. It
// ignores a byte order mark and spaces.
func columnIndex(header []string, name string) int {
	return slices.IndexFunc(header, func(cell string) bool {
		return strings.TrimSpace(strings.TrimPrefix(cell, "\ufeff")) == name
	})
}

func readRows(table *csv.Reader, at, value, maxRows int) ([]sources.Sample, error) {
	var all []sources.Sample
	for {
		if len(all) == maxRows {
			return sortByTime(all), nil
		}
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			return sortByTime(all), nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := table.FieldPos(at)
		sample, err := parseRow(record[at], record[value])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		all = append(all, sample)
	}
}

// sortByTime sorts samples by time, and keeps the last one of those with the same time.
// Files with such rows are not refused, because recordings in which the clock was set
// back at the end of summer time have them: one in fourteen of those we tried.
func sortByTime(all []sources.Sample) []sources.Sample {
	slices.SortStableFunc(all, func(a, b sources.Sample) int { return cmp.Compare(a.T, b.T) })
	kept := all[:0]
	for i, sample := range all {
		if i+1 == len(all) || all[i+1].T != sample.T {
			kept = append(kept, sample)
		}
	}
	return kept
}

// parseRow parses one row. A value that is no number is an error: in a file, unlike in
// the answer to a query, it can only be a mistake.
func parseRow(timestamp, value string) (sources.Sample, error) {
	const lastSecond = 253402300799 // the end of the year 9999
	t, err := strconv.ParseFloat(strings.TrimSpace(timestamp), 64)
	if err != nil || !(t >= 0 && t <= lastSecond) {
		return sources.Sample{}, errors.New("timestamp is not in Unix seconds")
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return sources.Sample{}, errors.New("value is not a number: leave the row out where there is none")
	}
	return sources.Sample{T: int64(math.Round(t * 1000)), V: v}, nil
}

// limitedReader fails once more than limit bytes were read, or the context has ended.
type limitedReader struct {
	r           io.Reader
	left, limit int64
	ctx         context.Context
}

// Read fails once the limit is passed.
func (b *limitedReader) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("larger than %d MiB after decompression", b.limit>>20)
	}
	return n, err
}
