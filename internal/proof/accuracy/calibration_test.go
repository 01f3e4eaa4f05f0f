package accuracy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
)

// TestCalibrate checks that cells depend only on what is asked for, that a run of one
// generator repeats that part of a run of two, and that what cannot be missed is found.
func TestCalibrate(t *testing.T) {
	two := Calibration{Series: 6, Generators: GeneratorsNamed([]string{"white", "walk"}), Spans: []time.Duration{8 * time.Hour}, Seed: 3}
	first, err := Calibrate(t.Context(), two)
	if err != nil {
		t.Fatal(err)
	}
	one := two
	one.Generators = GeneratorsNamed([]string{"WALK"})
	second, err := Calibrate(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first[1:], second); diff != "" {
		t.Errorf("not the same alone:\n%s", diff)
	}
	if white := first[0]; white.Generator != "white noise" || white.Series != 6 || white.Caught[1].Likely != 1 || white.Likely.Share > 0.5 {
		t.Errorf("%+v", white)
	}
}

// TestCellOf gives the figures of a detector that always alarms, and of one that never
// does.
func TestCellOf(t *testing.T) {
	var always, never reached
	always.note(detector.Certain, 2)
	loud := cellOf(Generators[0], time.Hour, [][]reached{{always, always, always}, {always, always, always}})
	if loud.Likely.Share != 1 || loud.Certain.Share != 1 || loud.Caught[0].Likely != 1 || loud.Caught[1].Ticks != 2 {
		t.Errorf("always: %+v", loud)
	}
	silent := cellOf(Generators[0], time.Hour, [][]reached{{never, never, always}, {never, never, never}})
	if silent.Suspect.Share != 0 || silent.Caught[0].Likely != 0 || silent.Caught[1].Certain != 0.5 || silent.Likely.Low != 0 {
		t.Errorf("never: %+v", silent)
	}
}

// TestReached holds that the first tick of a grade stays.
func TestReached(t *testing.T) {
	var f reached
	f.note(detector.None, 1)
	f.note(detector.Likely, 2)
	f.note(detector.Suspect, 3)
	f.note(detector.Certain, 4)
	if f != (reached{detector.Suspect: 2, detector.Likely: 2, detector.Certain: 4}) {
		t.Errorf("%v", f)
	}
}

// TestLooksAreGrades holds that a watch's looks are the verdicts of Judge.
func TestLooksAreGrades(t *testing.T) {
	x := drawn(t, "white noise")[:600]
	w := learnQuiet(detector.Higher, x[:570])
	after := Generators[0].regress(nil, x[570:], 0)
	var want reached
	for n := 1; n <= len(after); n++ {
		want.note(detector.Judge(w.plan, detector.Profiles{"value": w.profile}, detector.Observation{
			From: simulated, StartedAt: simulated, Final: n == len(after),
			Readings: []detector.Reading{{Signal: "value", Supply: detector.Fresh, Before: detector.Ticks{Value: w.before}, After: detector.Ticks{Value: after[:n]}}},
		}).Grade, n)
	}
	if got := w.look(after); got != want || got[detector.Likely] == 0 {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestCalibrationPage(t *testing.T) {
	var alarm reached
	alarm.note(detector.Likely, 1)
	quiet := []reached{{}, {}, {}}
	cells := []Cell{
		cellOf(Generators[0], 48*time.Hour, [][]reached{quiet, quiet}),
		cellOf(Generators[0], 168*time.Hour, [][]reached{quiet, {alarm, {}, {}}}),
	}
	var b strings.Builder
	if err := (Page{Seed: 9, Calibration: cells}).Markdown(&b, "img"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"seed 9", "| False alarms at likely, % | 2 d | 7 d | all |", "| white noise | 0.0 (0.0–65.8) | 50.0 (9.5–90.5) | 25.0 (4.6–69.9) |",
		"Beyond 1.5 % with their whole interval: white noise at 7 d.", "No cell is beyond 0.4 %", "| +3 σ, found, % | 2 d | 7 d |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
