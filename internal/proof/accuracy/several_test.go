package accuracy

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat"
)

// TestSeveralDraw holds that signals have the variance and the correlation that the kind
// says.
func TestSeveralDraw(t *testing.T) {
	for _, s := range []several{{}, {common: 0.5}} {
		x := s.draw(rand.New(rand.NewPCG(3, 3)), 20000)
		if got := stat.Correlation(x[0], x[1], nil); math.Abs(got-s.common) > 0.03 {
			t.Errorf("correlation %v, want %v", got, s.common)
		}
		if got := stat.StdDev(x[2], nil); math.Abs(got-1) > 0.03 {
			t.Errorf("standard deviation %v", got)
		}
	}
}

func TestMeasureSeveral(t *testing.T) {
	first, err := MeasureSeveral(t.Context(), 1, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := MeasureSeveral(t.Context(), 1, 1, nil)
	if diff := cmp.Diff(first, second); err != nil || diff != "" {
		t.Errorf("not the same twice: %v\n%s", err, diff)
	}
	if found := first[0].Found[3]; found.Shift != "1 by 3 σ" || found.Likely != 1 {
		t.Errorf("%+v", found)
	}
}
