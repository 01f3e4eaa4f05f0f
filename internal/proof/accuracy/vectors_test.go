package accuracy

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// vectors is the folder of the published vectors, beside a checkout.
const vectors = "../../../../shared/vectors"

func published(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		t.Skip("the published vectors are not beside this checkout; the cases copied into TestShift and TestClassify stand in for them")
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

type classifierCase struct {
	Name       string     `json:"name"`
	Classifier string     `json:"classifier"`
	Tolerance  float64    `json:"tolerance"`
	Confidence float64    `json:"confLevel"`
	Effect     [2]float64 `json:"effectSizeThresholds"`
	Critical   [2]float64 `json:"criticalThresholds"`
	Measure    string     `json:"effectSizeMeasure"`
	Direction  direction  `json:"direction"`
	NaN        string     `json:"nanStrategy"`
	IsCritical bool       `json:"isCriticalMetric"`
	Experiment []float64  `json:"experiment"`
	Control    []float64  `json:"control"`
	Expected   *label     `json:"expected"`
	Fails      *bool      `json:"expectedCritical"`
}

// TestKayentaClassifier compares the judge with Kayenta's own test suite.
func TestKayentaClassifier(t *testing.T) {
	var cases []classifierCase
	published(t, "kayenta-classifier.json", &cases)
	for _, c := range cases {
		k := kayenta{
			tolerance: c.Tolerance, confidence: c.Confidence, direction: c.Direction, effect: c.Effect, critical: c.Critical,
			isCritical: c.IsCritical, cles: c.Measure == "cles", replaceNaN: c.NaN == "Replace",
		}
		if c.Classifier != "MannWhitney" {
			continue // a comparison of two means, which the judge never calls
		}
		got, fails := k.classify(c.Control, c.Experiment)
		if c.Expected != nil && got != *c.Expected {
			t.Errorf("%s: %s, want %s", c.Name, got, *c.Expected)
		}
		if c.Fails != nil && fails != *c.Fails {
			t.Errorf("%s: critical %v, want %v", c.Name, fails, *c.Fails)
		}
	}
}

type rankCase struct {
	Name    string               `json:"name"`
	Arrays  map[string][]float64 `json:"arrays"`
	Scalars map[string]float64   `json:"scalars"`
	Asserts []string             `json:"asserts"`
}

// TestKayentaMannWhitney checks every published number: "expected, what,
// tolerance", where E is 1e-6.
func TestKayentaMannWhitney(t *testing.T) {
	var cases []rankCase
	published(t, "kayenta-mannwhitney.json", &cases)
	for _, c := range cases {
		values := c.values()
		for _, assert := range c.Asserts {
			first, rest, _ := strings.Cut(assert, ", ")
			at := strings.LastIndex(rest, ", ")
			what := rest[:at]
			want, err := strconv.ParseFloat(first, 64)
			if err != nil {
				want = c.Scalars[first]
			}
			tolerance, err := strconv.ParseFloat(rest[at+2:], 64)
			if err != nil {
				tolerance = 1e-6
			}
			got, known := values[what]
			if !known || math.Abs(got-want) > tolerance {
				t.Errorf("%s: %s is %v (known %v), want %v", c.Name, what, got, known, want)
			}
		}
	}
}

// values computes everything that a case may assert, by its name there.
func (c rankCase) values() map[string]float64 {
	pick := func(names ...string) []float64 {
		for _, n := range names {
			if v := c.Arrays[n]; v != nil {
				return v
			}
		}
		return nil
	}
	v := map[string]float64{"zQuant": distuv.UnitNormal.Quantile(0.01)}
	x, y := pick("experimentData", "experiment", "x"), pick("controlData", "control", "y")
	if x == nil {
		return v
	}
	level := 0.95
	if strings.HasSuffix(c.Name, "(Large)") {
		level = 0.98
	}
	s, r := shiftOf(x, y, level), rank(x, y)
	v["result.confidenceInterval.head"], v["result.confidenceInterval.last"], v["result.estimate"] = s.low, s.high, s.estimate
	v["ciLower"], v["ciUpper"], v["estimate"] = s.low, s.high, s.estimate
	least, most, z := slices.Min(x)-slices.Max(y), slices.Max(x)-slices.Min(y), distuv.UnitNormal.Quantile(0.025)
	v["muMin"], v["muMax"], v["zqLower"], v["zqUpper"] = least, most, -z, z
	v["fLower1"], v["fUpper1"] = r.difference(least, -z), r.difference(most, -z)
	v["fLower2"], v["fUpper2"] = r.difference(least, z), r.difference(most, z)
	v["mannWhitney.wilcoxonDiff(0, 0, x, y)"] = r.difference(0, 0)
	v["mannWhitney.wilcoxonDiff(5, 0, x, y)"] = r.difference(5, 0)
	return v
}

// classify labels a metric, and reports whether it alone fails the canary.
func (k kayenta) classify(control, experiment []float64) (label, bool) {
	switch {
	case len(control) == 0 || len(experiment) == 0:
		if k.replaceNaN {
			return pass, false
		}
		return noData, k.isCritical
	case equalSamples(control, experiment) || constant(append(slices.Clone(control), experiment...)):
		return pass, false
	}
	experiment, control = addNoise(experiment, control)
	return k.compare(shiftOf(experiment, control, k.confidence), control, experiment)
}
