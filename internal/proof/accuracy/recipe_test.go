package accuracy

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// shared is the folder of the published vectors and series, beside a checkout.
const shared = "../../../../shared"

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

// TestRecipe compares the published scan with its published examples.
func TestRecipe(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(shared, "vectors", "scan-reference.json"))
	if err != nil {
		t.Skip("the published vectors are not beside this checkout; TestRecipeAgainstStraightLine tests the scan without them")
	}
	var cases []referenceCase
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		series, err := readFile(filepath.Join(shared, c.File))
		if err != nil {
			t.Fatal(err)
		}
		x := series.Values
		r := learnRecipe(x[c.Start:c.Deploy], 1440)
		if r.forecaster != c.Forecaster {
			t.Errorf("%s: forecaster %s, want %s", c.File, r.forecaster, c.Forecaster)
		}
		near(t, c.File+" scale", r.scale, c.Scale, 1e-6)
		near(t, c.File+" q80", r.q80, c.Q80, 1e-6)
		near(t, c.File+" q99", r.q99, c.Q99, 1e-6)
		near(t, c.File+" beta", r.excess, c.Excess, 1e-6)
		for i, u := range c.Units {
			near(t, c.File+" u", r.units[i], u, 1e-6)
		}
		after := slices.Clone(x[c.Deploy : c.Deploy+c.After])
		for i := range after {
			after[i] *= 1 + c.Inject
		}
		for i, g := range r.path(x[c.Deploy-c.Before:c.Deploy], after) {
			if math.Abs(g-c.G[i]) > 1e-6 || math.Abs(r.p(g)-c.P[i]) > 1e-8 {
				t.Errorf("%s tick %d: g %v and p %v, want %v and %v", c.File, i+1, g, r.p(g), c.G[i], c.P[i])
			}
		}
	}
}

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got-want) > relative*math.Max(math.Abs(want), 1e-12) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
