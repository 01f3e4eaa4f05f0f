package detector

import (
	"testing"

	"github.com/pushback/pushback/sources"
)

// TestNotches holds that a sum which lacks at one sample what it makes up for at the next makes
// no slow tick, and that a true slow tick stays where it is.
func TestNotches(t *testing.T) {
	const n = 30
	f := func(name string, by map[int]float64, want ...float64) {
		t.Helper()
		sum := steadily(5000, 16, n+4)
		for i := range sum {
			for from, more := range by {
				if i >= n+from {
					sum[i] += more
				}
			}
		}
		r := Raw{Form: FormMean, Value: []sources.Series{minutes(sum...)}, Part: []sources.Series{minutes(steadily(50000, 100, n+4)...)}}
		same(t, name, Tabulate(r, grid(n+3)).Value[n-1:], Values(want))
	}
	f("nothing", nil, .16, .16, .16, .16)
	f("a dip by less than it grows", map[int]float64{1: -5, 2: 5}, .16, gap, .16, .16)
	f("a rise that is taken back", map[int]float64{1: 5, 2: -5}, .16, gap, .16, .16)
	f("fast, then slow by more", map[int]float64{1: -5, 2: 25}, .16, .11, .41, .16)
	f("slow", map[int]float64{1: 8, 2: 8, 3: 8}, .16, .24, .24, .24)
	f("a dip at the newest sample", map[int]float64{3: -5}, .16, .16, .16, .11)
}
