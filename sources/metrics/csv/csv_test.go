package csv

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/metricstest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestContract(t *testing.T) {
	var plain strings.Builder
	plain.WriteString("incident,timestamp,value\n")
	for _, s := range metricstest.Samples(start) {
		fmt.Fprintf(&plain, "0,%d.000,%g\n", s.T/1000, s.V)
	}
	f := func(name, file string, content []byte) {
		t.Run(name, func(t *testing.T) {
			metricstest.Run(t, metricstest.Subject{
				Store: open(t, map[string][]byte{file: content}), Start: start,
				Query: "orders", Absent: "nothing", Fault: sources.NoData, Broken: "../orders",
			})
		})
	}
	f("plain", "orders.csv", []byte(plain.String()))
	f("gzip", "orders.csv.gz", pack(t, plain.String()))
}

// open returns a store with these files.
func open(t *testing.T, files map[string][]byte) *Store {
	t.Helper()
	return openIn(t, t.TempDir(), files)
}

func openIn(t *testing.T, dir string, files map[string][]byte) *Store {
	t.Helper()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(metrics.Options{Name: metricstest.Name}, Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func pack(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFilesAreReadAsTheyAre(t *testing.T) {
	f := func(name, content, wantErr string, want ...sources.Sample) {
		t.Helper()
		got, err := readSamples(t.Context(), strings.NewReader(content), false, maxFileBytes, math.MaxInt)
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) {
				t.Errorf("%s: error %v, want %q", name, err, wantErr)
			}
			return
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	f("fractions", "timestamp,value\n1.5,2\n", "", sources.Sample{T: 1500, V: 2})
	f("byte order mark", "\ufefftimestamp,value\n1,2\n", "", sources.Sample{T: 1000, V: 2})
	f("other columns", "a,value,b,timestamp\nx,2,y,1\n", "", sources.Sample{T: 1000, V: 2})
	f("no rows", "timestamp,value\n", "")
	f("empty", "", "header")
	f("no value column", "timestamp,values\n1,2\n", "line 1: the header must name")
	f("unsorted", "timestamp,value\n2,1\n1,3\n", "", sources.Sample{T: 1000, V: 3}, sources.Sample{T: 2000, V: 1})
	f("twice the same time", "timestamp,value\n2,1\n2,5\n3,1\n", "",
		sources.Sample{T: 2000, V: 5}, sources.Sample{T: 3000, V: 1})
	f("a word", "timestamp,value\n1,1\nx,1\n", "line 3: timestamp is not in Unix seconds")
	f("negative time", "timestamp,value\n-1,1\n", "line 2: timestamp")
	f("time is NaN", "timestamp,value\nNaN,1\n", "line 2: timestamp")
	f("milliseconds by mistake", "timestamp,value\n1640995200000,1\n", "line 2: timestamp is not in Unix seconds")
	f("no value", "timestamp,value\n1,\n", "line 2: value is not a number")
	f("value is NaN", "timestamp,value\n1,NaN\n", "line 2: value is not a number")
	f("short row", "timestamp,value\n1\n", "line 2")
}

func TestQueriesStayInTheFolder(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir, map[string][]byte{"in.csv": []byte("timestamp,value\n1,2\n")})
	outside := filepath.Join(t.TempDir(), "out.csv")
	if err := os.WriteFile(outside, []byte("timestamp,value\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "dir.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.csv"), 0o600); err != nil { // nobody writes into it
		t.Fatal(err)
	}
	for _, query := range []string{
		"pipe", "", ".", "..", "../out", "a/b", `a\b`, "/etc/passwd", strings.TrimSuffix(outside, ".csv"),
		".hidden", "nul\x00", "link", "dir", strings.Repeat("x", 300),
	} {
		_, err := s.Instant(t.Context(), query, start)
		metricstest.CheckFault(t, fmt.Sprintf("%q", query), err, sources.SourceError)
	}
}

func TestGapsStayGaps(t *testing.T) {
	s := open(t, map[string][]byte{"gap.csv": []byte("timestamp,value\n60,1\n120,2\n600,3\n")})
	w := sources.Window{From: time.Unix(60, 0), To: time.Unix(600, 0)}
	got, err := s.Range(t.Context(), sources.Query{Expr: "gap", Step: time.Minute}, w)
	want := "[{60000 1} {120000 2} {600000 3}]"
	if err != nil || len(got) != 1 || fmt.Sprint(got[0].Samples) != want {
		t.Fatalf("%v, %v; want %s", got, err, want)
	}
}

func TestChangedFileIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir, map[string][]byte{"a.csv": []byte("timestamp,value\n60,1\n")})
	value := func() float64 {
		t.Helper()
		got, err := s.Instant(t.Context(), "a", time.Unix(60, 0))
		if err != nil || len(got) != 1 {
			t.Fatalf("%v, %v", got, err)
		}
		return got[0].Samples[0].V
	}
	if v := value(); v != 1 {
		t.Fatalf("value %v, want 1", v)
	}
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, []byte("timestamp,value\n60,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, start, start); err != nil { // the file system's clock may be coarse
		t.Fatal(err)
	}
	if v := value(); v != 2 {
		t.Fatalf("value %v after the change, want 2", v)
	}
}

func TestBombIsRefused(t *testing.T) {
	bomb := pack(t, "timestamp,value\n"+strings.Repeat("\n", 1<<20))
	s := open(t, map[string][]byte{"bomb.csv.gz": bomb, "cut.csv.gz": bomb[:len(bomb)/2]})
	s.limit = 1 << 20
	clear(s.cache) // New has read them with the real limit
	_, err := s.Instant(t.Context(), "bomb", start)
	metricstest.CheckFault(t, "bomb", err, sources.SourceError)
	if err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("error %v does not give the limit", err)
	}
	_, err = s.Instant(t.Context(), "cut", start)
	metricstest.CheckFault(t, "cut", err, sources.SourceError)
}

func TestSharedData(t *testing.T) {
	const shared = "../../../../shared/data"
	for folder, want := range map[string]struct {
		files      int
		resolution time.Duration
	}{
		"microsoft-1m": {11, time.Minute},
		"microsoft-1h": {49, time.Hour},
		"nab":          {37, 5 * time.Minute},
		"jumpstarter":  {285, 5 * time.Minute},
	} {
		dir := filepath.Join(shared, folder)
		if _, err := os.Stat(dir); err != nil {
			t.Skipf("the recorded series are not beside the repository: %v", err)
		}
		t.Run(folder, func(t *testing.T) { readFolder(t, dir, want.files, want.resolution) })
	}
}

func readFolder(t *testing.T, dir string, files int, resolution time.Duration) {
	t.Helper()
	s, err := New(metrics.Options{Name: metricstest.Name}, Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Resolution() != resolution {
		t.Errorf("resolution %s, want %s", s.Resolution(), resolution)
	}
	queries := s.queries()
	if len(queries) != files {
		t.Errorf("%d series, want %d", len(queries), files)
	}
	for _, query := range queries[:min(len(queries), 15)] {
		samples, err := s.samples(t.Context(), query)
		if err != nil || len(samples) < 100 {
			t.Errorf("%s: %d samples, %v", query, len(samples), err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("timestamp,value\n1,2\n3,4.5\n"))
	f.Add([]byte("value,timestamp\r\n1e3,2\r\n"))
	f.Add([]byte("timestamp,value\n\"1\n,2"))
	f.Add([]byte("timestamp,value\n9e99,0x1p-2\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		samples, err := readSamples(t.Context(), bytes.NewReader(content), false, maxFileBytes, math.MaxInt)
		if err != nil && samples != nil {
			t.Fatal("samples beside an error")
		}
		for i := 1; i < len(samples); i++ {
			if samples[i].T <= samples[i-1].T {
				t.Fatalf("sample %d is not in order of time", i)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("orders")
	f.Add("../orders")
	f.Add("/etc/passwd")
	f.Fuzz(func(t *testing.T, query string) {
		if checkName(query) != nil {
			return
		}
		if !filepath.IsLocal(query+".csv") || filepath.Base(query+".csv") != query+".csv" {
			t.Fatalf("%q is not a name in the folder", query)
		}
	})
}

// TestFolderOfSeveralSpacings checks that a folder with files by the minute and by the
// hour has the resolution of a minute, and that a file by the hour can be read.
func TestFolderOfSeveralSpacings(t *testing.T) {
	dir := t.TempDir()
	for name, seconds := range map[string]int{"a-hours": 3600, "b-minutes": 60, "c-fives": 300} {
		text := "timestamp,value\n"
		for i := range 200 {
			text += fmt.Sprintf("%d,%d\n", 1_700_000_000+i*seconds, i)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(metrics.Options{Name: metricstest.Name}, Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Resolution() != time.Minute {
		t.Errorf("resolution %s", s.Resolution())
	}
	from := time.Unix(1_700_000_000, 0)
	got, err := s.Range(t.Context(), sources.Query{Expr: "a-hours", Step: time.Hour}, sources.Window{From: from, To: from.Add(10 * time.Hour)})
	if err != nil || len(got) != 1 || len(got[0].Samples) != 11 {
		t.Errorf("%v, %v", got, err)
	}
}
