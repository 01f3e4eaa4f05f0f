package accuracy

import (
	"compress/gzip"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
)

// recorded is two days of one service, whose CPU jumps at a fault on the second.
func recorded() Recording {
	r := Recording{Faults: []Fault{{At: 2*24*3600 + 8*3600, Pod: "ts-a-service-2-y", Kind: "cpu"}}}
	for day, name := range []string{"ts-a-service-1-x", "ts-a-service-2-y"} {
		p := Pod{Name: name, Service: serviceOf(name), Columns: map[string][]float64{}}
		noise := Generators[0].draw(sourceOf(Generators[0].Name, 0, 1, day), 600)
		for i := range noise {
			p.Times = append(p.Times, int64(day+1)*24*3600+3600+60*int64(i))
			if day == 1 && p.Times[i] > r.Faults[0].At {
				noise[i] += 100
			}
		}
		p.Columns["CpuUsage(m)"] = noise
		r.Days = append(r.Days, []Pod{p})
	}
	return r
}

func TestMeasureFaults(t *testing.T) {
	first, err := MeasureFaults(t.Context(), recorded(), 8, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	const rarest = 1.0 / 989 // of the moments of 600 + 420 minutes with 30 before and 3 after them, and the fault's
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-4 })
	if diff := cmp.Diff([]FaultRow{{Kind: "cpu", Faults: 1, Three: 1, Five: 1, Furthest: rarest}}, first.Kinds, near); diff != "" {
		t.Error(diff)
	}
	if len(first.Quiet) != 1 || first.Quiet[0].Watches != 4 || first.Quiet[0].Likely.Share > 0.5 {
		t.Errorf("quiet: %+v", first.Quiet)
	}
	second, err := MeasureFaults(t.Context(), recorded(), 8, 1, nil)
	if diff := cmp.Diff(first, second); err != nil || diff != "" {
		t.Errorf("not the same twice: %v\n%s", err, diff)
	}
}

// TestQuietAround holds that no quiet moment is near a fault of any pod, or the end of the
// traffic.
func TestQuietAround(t *testing.T) {
	r, day := recorded(), int64(2*24*3600)
	for at, want := range map[int64]bool{
		day + 6*3600: true, day + 8*3600: false, day + 8*3600 + 1800: false, day + 8*3600 + 2200: true, day + 8*3600 - 1700: false,
		day + 16*3600: false, day + 12*3600: true, day + 14*3600: false,
	} {
		if got := r.quietAround(at); got != want {
			t.Errorf("%d s of the day: %v", at-day, got)
		}
	}
}

// TestOwnFaultsAreCutOut holds that a history has the other day in front, and misses the
// five minutes of the pod's own faults, but for the one that is looked at.
func TestOwnFaultsAreCutOut(t *testing.T) {
	r := recorded()
	p, other := &r.Days[1][0], &r.Days[0][0]
	row := 430 // ten minutes after the fault
	view := podView{p, other, row}
	history, after := r.values(podWatch{podView: view}, view, "CpuUsage(m)")
	if want := 600 + row - 5; len(history) != want || len(after) != window {
		t.Errorf("%d ticks of history, want %d; %d after", len(history), want, len(after))
	}
	history, _ = r.values(podWatch{podView: view, fault: r.Faults[0]}, view, "CpuUsage(m)")
	if len(history) != 600+row {
		t.Errorf("%d ticks of history with the fault", len(history))
	}
}

func TestReadingOf(t *testing.T) {
	nan := math.NaN()
	there, silent := []float64{1, 1, 1, 1, 1}, []float64{1, nan, nan, nan, nan}
	f := func(before, after []float64, want detector.Supply) {
		t.Helper()
		if got := readingOf("value", before, after).Supply; got != want {
			t.Errorf("%v, %v: %s, want %s", before, after, got, want)
		}
	}
	f(there, []float64{1, 1, 1, 1, nan}, detector.Fresh)
	f(there, []float64{1, nan, nan, nan}, detector.Fresh)
	f(there, []float64{1, nan, nan, nan, nan}, detector.Gone)
	f(there, []float64{nan, nan, nan, nan}, detector.Gone)
	f(silent, []float64{nan, nan, nan}, detector.Unmatched)
	f(silent, []float64{nan, 1, nan}, detector.Fresh)
	f([]float64{1, 1, nan, nan, nan}, []float64{nan, nan}, detector.Fresh)
	f([]float64{1, 1, nan, nan, nan}, []float64{nan, nan, nan}, detector.Gone)
	if got := readingOf("value", []float64{1, 1, nan, nan, nan}, []float64{nan, nan, nan}).Silent; got != 6*time.Minute {
		t.Errorf("silent for %s", got)
	}
}

func TestReadRecording(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, text string) {
		t.Helper()
		path := filepath.Join(folder, name)
		if filepath.Ext(name) == ".gz" {
			text = compressed(t, text)
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write("faults.csv", "timestamp,pod,type\n70,ts-a-service-1-x,cpu\n")
	write("2023-01-29/ts-a-service-1-x.csv.gz", "timestamp,cpu,latency\n60,1,NaN\n120,2,0.5\n")
	if _, err := ReadRecording(folder); err == nil {
		t.Error("one day was enough")
	}
	write("2023-01-30/ts-a-service-2-y.csv.gz", "timestamp,cpu\n60,1\n")
	r, err := ReadRecording(folder)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Days[0][0]
	if p.Service != "ts-a-service" || p.Times[1] != 120 || !math.IsNaN(p.Columns["latency"][0]) || p.Columns["latency"][1] != 0.5 || r.Faults[0].Kind != "cpu" {
		t.Errorf("%+v, %+v", p, r.Faults)
	}
	write("faults.csv", "timestamp,pod,type\nsoon,ts-a-service-1-x,cpu\n")
	if _, err := ReadRecording(folder); err == nil {
		t.Error("a fault without a time was read")
	}
}

// TestFolderWithBrackets holds that a folder's name is no pattern.
func TestFolderWithBrackets(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data [1]")
	if err := errors.Join(os.Mkdir(folder, 0o750), os.WriteFile(filepath.Join(folder, "a.csv"), []byte("60,1\n120,2\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if series, err := ReadFolder(folder); err != nil || len(series) != 1 || series[0].Name != "a" {
		t.Errorf("%v, %v", series, err)
	}
}

func compressed(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
