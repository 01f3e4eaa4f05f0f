package detector

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/detector/stats"
	"github.com/pushback/pushback/sources"
)

// TestAccuracy measures false alarms and power of the scan on real series:
// random moments at which nothing was deployed, and the same moments with
// regressions put in. It takes half a minute and so runs only where asked for:
//
//	PUSHBACK_ACCURACY=1 go test -run TestAccuracy -v ./detector
func TestAccuracy(t *testing.T) {
	if os.Getenv("PUSHBACK_ACCURACY") == "" {
		t.Skip("takes half a minute; set PUSHBACK_ACCURACY=1 to measure")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", "jumpstarter", "*.csv.gz"))
	if err != nil || len(files) == 0 {
		t.Skip("the published series are not beside this checkout")
	}
	r := rand.New(rand.NewPCG(1, 2))
	alarms, caught, tries := 0.0, make([]float64, len(regressions)), 0.0
	for _, file := range files {
		x, incident := readSeries(t, file)
		for range 5 {
			at := 2880 + r.IntN(len(x)-2880-30)
			if slices.Contains(incident[at-30:at+30], true) {
				continue
			}
			k := Learn(accuracyPlan, accuracyPlan.Signals[0], History{Start: deploy, Ticks: Ticks{Value: x[at-2880 : at]}, Mask: stretches(incident[at-2880 : at])})
			if len(k.Higher) == 0 || k.Higher[0].constant() {
				continue
			}
			tries++
			alarms += alarmed(k, x[at-30:at], x[at:at+30])
			scale := stats.NormalMAD * stats.MAD(x[at-30:at], nil)
			for i, regress := range regressions {
				after := slices.Clone(x[at : at+30])
				for j := range after {
					after[j] = regress(r, after[j], float64(j+1)/30, scale)
				}
				caught[i] += alarmed(k, x[at-30:at], after)
			}
		}
	}
	power := stats.Mean(caught) / tries
	t.Logf("%.0f moments: false alarms %.2f %%, power %.1f %%", tries, 100*alarms/tries, 100*power)
	if alarms/tries > 0.025 || power < 0.45 {
		t.Errorf("published: 1.0 %% and 53.5 %%")
	}
}

// stretches are the labelled incidents, as a mask for Learn.
func stretches(incident []bool) []sources.Window {
	var mask []sources.Window
	for i, bad := range incident {
		if from := deploy.Add(time.Duration(i) * 5 * time.Minute); bad {
			mask = append(mask, sources.Window{From: from, To: from.Add(time.Minute)})
		}
	}
	return mask
}

var accuracyPlan = Plan{Tick: 5 * time.Minute, Before: 30, After: 30, Signals: []Signal{{Name: "s", Kind: Level, Worse: Higher}}}

// alarmed is 1 where the scan's p came under 0.01 at any tick.
func alarmed(k Profile, before, after Values) float64 {
	o := Observation{From: k.End, Readings: []Reading{{Signal: "s", Supply: Fresh, Before: Ticks{Value: before}, After: Ticks{Value: after}}}}
	v := Judge(accuracyPlan, Profiles{"s": k}, o)
	if e := v.Signals[0]; e.RawP <= 0.01 && len(e.Forecaster) > 0 {
		return 1
	}
	return 0
}

// regressions are the fourteen of the published measurement: x is the value,
// along how far into the horizon, s the robust spread of before.
var regressions = []func(r *rand.Rand, x, along, s float64) float64{
	func(_ *rand.Rand, x, _, s float64) float64 { return x + s },
	func(_ *rand.Rand, x, _, s float64) float64 { return x + 2*s },
	func(_ *rand.Rand, x, _, s float64) float64 { return x + 3*s },
	func(_ *rand.Rand, x, _, s float64) float64 { return x + 5*s },
	func(_ *rand.Rand, x, _, s float64) float64 { return x + 10*s },
	func(_ *rand.Rand, x, _, _ float64) float64 { return x + 0.1*math.Abs(x) },
	func(_ *rand.Rand, x, _, _ float64) float64 { return x + 0.2*math.Abs(x) },
	func(_ *rand.Rand, x, _, _ float64) float64 { return x + 0.5*math.Abs(x) },
	func(_ *rand.Rand, x, _, _ float64) float64 { return x + math.Abs(x) },
	func(_ *rand.Rand, x, along, _ float64) float64 { return x + 0.5*along*math.Abs(x) },
	func(_ *rand.Rand, x, along, s float64) float64 { return x + 5*along*s },
	func(r *rand.Rand, x, _, _ float64) float64 { return x + burst(r)*math.Abs(x) },
	func(r *rand.Rand, x, _, s float64) float64 { return x + 8*burst(r)*s },
	func(r *rand.Rand, x, _, s float64) float64 { return x + 3*s*r.NormFloat64() },
}

func burst(r *rand.Rand) float64 {
	if r.IntN(4) == 0 {
		return 1
	}
	return 0
}
