package csv

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// spotFiles is how many files stand for the whole folder. Reading all of them was tried:
// in a folder of 5,000 files, a signal that ended cost 5,000 files a look.
const spotFiles = 64

// spacingRows is how many rows of a file closestSpacing reads at most.
const spacingRows = 100

// listing is the names of a folder as they were at some time.
type listing struct {
	queries  []string
	modified time.Time // of the folder
	settled  bool      // whether the folder had not changed for a while by then
}

// settledAfter is how long ago a folder must have changed for its time to tell of a
// later change: clocks of file systems are coarse.
const settledAfter = 2 * time.Second

// queries returns the queries for all files, in order of name. The folder is listed again
// only after it has changed.
func (s *Store) queries() []string {
	info, err := fs.Stat(s.files, ".")
	if err != nil {
		return nil // the folder was removed: it has no series
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.listing; l.settled && l.modified.Equal(info.ModTime()) {
		return l.queries
	}
	s.listing = listing{modified: info.ModTime(), settled: time.Since(info.ModTime()) > settledAfter}
	s.listing.queries = s.list()
	return s.listing.queries
}

func (s *Store) list() (all []string) {
	entries, err := fs.ReadDir(s.files, ".")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		for _, extension := range extensions {
			if query, ok := strings.CutSuffix(e.Name(), extension); ok {
				all = append(all, query)
			}
		}
	}
	return slices.Compact(all)
}

// spread returns n of the names, evenly spread over their order, or all if there are no
// more. Names that begin alike often belong to one service or one system, and the first n
// would be those of one only.
func spread(names []string, n int) []string {
	if len(names) <= n {
		return names
	}
	some := make([]string, n)
	for i := range some {
		some[i] = names[i*len(names)/n]
	}
	return some
}

// closestSpacing returns the median time between the first samples of a file, for the one
// of spotFiles files in which it is shortest, and a minute if none has two samples.
func (s *Store) closestSpacing() time.Duration {
	closest := time.Duration(0)
	for _, query := range spread(s.queries(), spotFiles) {
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
