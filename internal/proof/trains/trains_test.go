package trains

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTrains runs a part of the measurement: no wrong change is rolled back, and nine of ten clear
// steps are rolled back unasked.
func TestTrains(t *testing.T) {
	report, err := Measure(t.Context(), 420, 101, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := report.Rows[len(report.Rows)-1]
	if all.Wrong > 0 || all.ClearShare() < 0.9 || all.Clear < 20 || all.Trains != 420 {
		for _, row := range report.Rows {
			t.Error(row)
		}
	}
}

// A train depends on its seed and its place alone.
func TestTrainsAreTheSameTwice(t *testing.T) {
	first, err := Measure(t.Context(), 7, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Measure(t.Context(), 7, 3, nil)
	if diff := cmp.Diff(first, second); err != nil || diff != "" {
		t.Errorf("not the same twice: %v\n%s", err, diff)
	}
}

// TestRow holds what counts as what.
func TestRow(t *testing.T) {
	f := func(o Outcome, want Row) {
		t.Helper()
		var r Row
		r.add(o)
		want.Trains = 1
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", o, diff)
		}
	}
	f(Outcome{}, Row{})
	f(Outcome{Acted: true}, Row{False: 1})
	f(Outcome{Fault: true, Culprit: 2, Change: 1, Acted: true, Early: true}, Row{False: 1})
	f(Outcome{Fault: true, Culprit: 2, Change: 2, Acted: true, Clear: true}, Row{Bad: 1, Right: 1, Clear: 1, ClearRight: 1})
	f(Outcome{Fault: true, Culprit: 2, Change: 3, Acted: true, Clear: true}, Row{Bad: 1, Wrong: 1, Clear: 1})
	f(Outcome{Fault: true, Culprit: 2, Change: 3, Acted: true, Coincides: true}, Row{Bad: 1, Undecided: 1})
	f(Outcome{Fault: true, Culprit: 2, Change: 3, Asked: true}, Row{Bad: 1, Asked: 1})
	f(Outcome{Fault: true, Culprit: 2, Change: -1}, Row{Bad: 1, Unseen: 1})
}
