package accuracy

import (
	"testing"
)

// TestDirtyData holds, on a few draws of every kind, that no number which cannot be true acts
// or hides a regression.
func TestDirtyData(t *testing.T) {
	rows, err := MeasureDirty(t.Context(), 1, 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Acts > 0 || r.Hidden > 0 && r.Kind != lateKind || r.Clean == 0 {
			t.Errorf("%s, %s, %s: %d of %d acted, %d of %d hidden, found up to %d ticks later", r.Kind, r.Target, r.Form, r.Acts, r.Watches, r.Hidden, r.Clean, r.Latest)
		}
	}
}
