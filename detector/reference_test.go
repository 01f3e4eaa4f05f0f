package detector

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// shared is where the published vectors and series lie beside a checkout.
const shared = "../../shared"

type referenceCase struct {
	File       string    `json:"file"`
	Start      int       `json:"start_index"`
	Deploy     int       `json:"deploy_index"`
	Before     int       `json:"before"`
	After      int       `json:"after"`
	Inject     float64   `json:"inject_level"`
	Forecaster string    `json:"forecaster"`
	Scale      float64   `json:"scale0"`
	Units      []float64 `json:"u"`
	Q99        float64   `json:"q99"`
	Q80        float64   `json:"u0"`
	Excess     float64   `json:"beta"`
	G          []float64 `json:"G_path"`
	P          []float64 `json:"p_path"`
}

// TestReference holds the published scan, which the blend is built from,
// against the published worked cases.
func TestReference(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(shared, "vectors", "scan-reference.json"))
	if err != nil {
		t.Skip("the published vectors are not beside this checkout; TestScanAgainstStraightLine tests the scan without them")
	}
	var cases []referenceCase
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		x, _ := readSeries(t, filepath.Join(shared, c.File))
		p := Plan{Tick: time.Minute, Before: c.Before, After: c.After, Season: day}
		k := learn(p, Signal{Kind: Level, Worse: Higher}, History{Start: time.Unix(0, 0), Ticks: Ticks{Value: x[c.Start:c.Deploy]}}, learner.scans)
		s := k.Higher[0]
		if s.Forecaster != c.Forecaster {
			t.Errorf("%s: forecaster %s, want %s", c.File, s.Forecaster, c.Forecaster)
		}
		near(t, c.File+" scale", s.Scale, c.Scale, 1e-6)
		near(t, c.File+" q80", s.Q80, c.Q80, 1e-6)
		near(t, c.File+" q99", s.Q99, c.Q99, 1e-6)
		near(t, c.File+" beta", s.Excess, c.Excess, 1e-6)
		for i, u := range c.Units {
			near(t, c.File+" u", s.Units[i], u, 1e-6)
		}
		checkPath(t, c, p, k, x[c.Deploy-c.Before:c.Deploy+c.After])
	}
}

// checkPath looks at every tick, as a watch would, and compares g and p to the
// digits that were published.
func checkPath(t *testing.T, c referenceCase, p Plan, k Profile, x Values) {
	t.Helper()
	p.Signals = []Signal{{Name: "s", Kind: Level, Worse: Higher}}
	after := slices.Clone(x[c.Before:])
	for i := range after {
		after[i] *= 1 + c.Inject
	}
	for tick := 1; tick <= c.After; tick++ {
		r := Reading{Signal: "s", Supply: Fresh, Before: Ticks{Value: x[:c.Before]}, After: Ticks{Value: after[:tick]}}
		o := Observation{From: k.End, Readings: []Reading{r}}
		tr := open(&p, p.Signals[0], Profiles{"s": k}, &o)
		tr.hear()
		if got := tr.finding.g; math.Abs(got-c.G[tick-1]) > 1e-6 {
			t.Errorf("%s tick %d: g %v, want %v", c.File, tick, got, c.G[tick-1])
		}
		if got := tr.e.RawP; math.Abs(got-c.P[tick-1]) > 1e-8 {
			t.Errorf("%s tick %d: p %v, want %v", c.File, tick, got, c.P[tick-1])
		}
	}
}

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got-want) > relative*math.Max(math.Abs(want), 1e-12) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// readSeries reads a published series, and which of its moments were labelled
// as incidents.
func readSeries(t testing.TB, path string) (x Values, incident []bool) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Skip("the published series are not beside this checkout")
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		x, incident = append(x, v), append(incident, row[2] == "1")
	}
	return x, incident
}
