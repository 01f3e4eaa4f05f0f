package csv

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/sources"
)

// countingFS counts what a store asks of its folder. It works in memory, so that
// thousands of files cost nothing.
type countingFS struct {
	fstest.MapFS
	listings, opens, reads atomic.Int64
}

func (c *countingFS) Open(name string) (fs.File, error) {
	c.opens.Add(1)
	f, err := c.MapFS.Open(name)
	return countedFile{f, &c.reads}, err
}

func (c *countingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	c.listings.Add(1)
	return c.MapFS.ReadDir(name)
}

type countedFile struct {
	fs.File
	reads *atomic.Int64
}

func (f countedFile) Read(p []byte) (int, error) {
	f.reads.Add(1)
	return f.File.Read(p)
}

// work is what the store has asked since the last call.
func (c *countingFS) work() string {
	return fmt.Sprintf("%d listings, %d opens, %d reads", c.listings.Swap(0), c.opens.Swap(0), c.reads.Swap(0))
}

// folderOf has n files with ten minutes each, but for those in other.
func folderOf(n int, other fstest.MapFS) *countingFS {
	c := &countingFS{MapFS: fstest.MapFS{}}
	text := strings.Builder{}
	text.WriteString("timestamp,value\n")
	for i := range 10 {
		fmt.Fprintf(&text, "%d,%d\n", start.Unix()+int64(60*i), i)
	}
	for i := range n {
		c.MapFS[fmt.Sprintf("s%04d.csv", i)] = &fstest.MapFile{Data: []byte(text.String())}
	}
	for name, file := range other {
		c.MapFS[name] = file
	}
	return c
}

// TestWorkDoesNotGrowWithTheFolder: everything that a watch asks of a folder costs as much
// with 5,000 files as with spotFiles: a query, a heartbeat of a folder that is alive, and
// one of a folder that has been silent since, at which every file looked into is a miss.
func TestWorkDoesNotGrowWithTheFolder(t *testing.T) {
	session := func(n int) (all []string) {
		c := folderOf(n, nil)
		s := newStore("files", c, 0)
		all = append(all, "new: "+c.work())
		end := start.Add(9 * time.Minute)
		for range 2 {
			if got, err := s.Range(t.Context(), sources.Query{Expr: "s0007", Step: time.Minute}, sources.Window{From: start, To: end}); err != nil || len(got) != 1 {
				t.Fatal(got, err)
			}
			all = append(all, "query: "+c.work())
			if beat, err := s.Heartbeat(t.Context(), end); err != nil || !beat.Equal(end) {
				t.Fatal(beat, err)
			}
			all = append(all, "alive: "+c.work())
			if beat, err := s.Heartbeat(t.Context(), end.Add(time.Hour)); err != nil || !beat.Equal(end) {
				t.Fatal(beat, err)
			}
			all = append(all, "silent: "+c.work())
		}
		return all
	}
	few, many := session(spotFiles), session(5000)
	// The file of the query is one of spotFiles in the small folder, and not in the large one.
	few[3], many[3] = "", ""
	if !slices.Equal(few, many) {
		t.Errorf("with %d files\n%s\nwith 5,000\n%s", spotFiles, strings.Join(few, "\n"), strings.Join(many, "\n"))
	}
	if want := "silent: 0 listings, 64 opens, 0 reads"; many[6] != want {
		t.Errorf("a second look: %s, want %s", many[6], want)
	}
}

// TestCacheKeepsWhatIsAskedFor: going through more files than the cache holds does not
// drop the one that is asked for all the time.
func TestCacheKeepsWhatIsAskedFor(t *testing.T) {
	c := folderOf(40, nil)
	s := newStore("files", c, time.Minute)
	s.cacheSize = 8
	for i := range 40 {
		for _, query := range []string{"s0000", fmt.Sprintf("s%04d", i)} {
			if _, err := s.Instant(t.Context(), query, start); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.work()
	if _, err := s.Instant(t.Context(), "s0000", start); err != nil {
		t.Fatal(err)
	}
	if got := c.work(); got != "0 listings, 1 opens, 0 reads" || len(s.cache) != 8 {
		t.Errorf("%s with %d files in the cache, want it unread", got, len(s.cache))
	}
}

// TestFolderIsListedAgainAfterAChange: a file that was added counts at the next heartbeat.
func TestFolderIsListedAgainAfterAChange(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir, map[string][]byte{"a.csv": []byte("timestamp,value\n60,1\n")})
	for _, age := range []time.Duration{time.Hour, 0} { // a folder that was quiet, and one that just changed
		then := time.Now().Add(-age)
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
		s.queries()
		name := fmt.Sprintf("b%d.csv", age)
		if err := os.WriteFile(filepath.Join(dir, name), []byte("timestamp,value\n120,1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if age == 0 { // as if the clock of the file system had not moved on
			if err := os.Chtimes(dir, then, then); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.queries(); !slices.Contains(got, strings.TrimSuffix(name, ".csv")) {
			t.Errorf("a folder %s old: %v lacks %s", age, got, name)
		}
	}
}

func TestSpread(t *testing.T) {
	f := func(names, n int, want string) {
		t.Helper()
		var all []string
		for i := range names {
			all = append(all, strconv.Itoa(i))
		}
		if got := strings.Join(spread(all, n), " "); got != want {
			t.Errorf("%d of %d names: %s, want %s", n, names, got, want)
		}
	}
	f(0, 3, "")
	f(3, 3, "0 1 2")
	f(4, 3, "0 1 2")
	f(9, 3, "0 3 6")
}

// BenchmarkHeartbeat is a heartbeat of a folder that has been silent for an hour.
func BenchmarkHeartbeat(b *testing.B) {
	for _, n := range []int{50, 5000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			dir := b.TempDir()
			for name, file := range folderOf(n, nil).MapFS {
				if err := os.WriteFile(filepath.Join(dir, name), file.Data, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			if err := os.Chtimes(dir, start, start); err != nil { // it was filled a while ago
				b.Fatal(err)
			}
			s := newStore("files", os.DirFS(dir), 0)
			for b.Loop() {
				if _, err := s.Heartbeat(b.Context(), start.Add(time.Hour)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
