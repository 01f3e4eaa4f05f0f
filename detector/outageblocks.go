package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// subtractDay takes from every block the median of all days at its time, so that an outage
// need not stand out from the rise of every morning.
func (f *outageFinder) subtractDay() {
	per := int(math.Round(f.day))
	same := make([]float64, 0, len(f.blocks)/per+1)
	for first := range per {
		same = same[:0]
		for i := first; i < len(f.blocks); i += per {
			if v := f.blocks[i]; !math.IsNaN(v) {
				same = append(same, v)
			}
		}
		typical := math.NaN()
		if len(same) >= usualPlaces {
			typical = stats.MedianInPlace(same)
		}
		for i := first; i < len(f.blocks); i += per {
			f.blocks[i], f.typical[i] = f.blocks[i]-typical, typical
		}
	}
}

// blockMedians are the medians of every n ticks; NaN where most of them are missing.
func blockMedians(x []float64, n int) []float64 {
	medians, scratch := make([]float64, len(x)/n), make([]float64, 0, n)
	for i := range medians {
		scratch = stats.Finite(scratch[:0], x[i*n:(i+1)*n])
		medians[i] = math.NaN()
		if 2*len(scratch) > n {
			medians[i] = stats.MedianInPlace(scratch)
		}
	}
	return medians
}

// movingMedians are, for every value, the median of the n around it; NaN where most of them
// are missing.
func movingMedians(x []float64, n int) []float64 {
	medians, scratch := make([]float64, len(x)), make([]float64, 0, n)
	for i := range medians {
		from, to := max(i-n/2, 0), min(i+n/2+1, len(x))
		scratch = stats.Finite(scratch[:0], x[from:to])
		medians[i] = math.NaN()
		if 2*len(scratch) > n {
			medians[i] = stats.MedianInPlace(scratch)
		}
	}
	return medians
}
