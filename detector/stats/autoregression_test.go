package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// remembering draws n values with this memory.
func remembering(r *rand.Rand, memory float64, n int) []float64 {
	x, last := make([]float64, n), r.NormFloat64()/math.Sqrt(1-memory*memory)
	for i := range x {
		last = memory*last + r.NormFloat64()
		x[i] = last
	}
	return x
}

// TestFitOfALongSeries: with enough values, the fit is what was drawn.
func TestFitOfALongSeries(t *testing.T) {
	for _, memory := range []float64{0, 0.5, 0.9} {
		x := remembering(rand.New(rand.NewPCG(1, 2)), memory, 200_000)
		f := FitAutoregression(x)
		near(t, "memory", f.Memory, memory, 0.01)
		near(t, "scale", f.Scale, 1, 0.01)
		near(t, "error of the mean", f.MeanError()*math.Sqrt(200_000), 1/(1-memory), 0.1)
	}
}

// TestShiftErrorIsTheErrorOfTheForecast compares with the scatter of many drawn series whose
// law is known: the fit has the true memory and scale, and the mean of its series.
func TestShiftErrorIsTheErrorOfTheForecast(t *testing.T) {
	f := func(memory float64, gap int, missing ...int) {
		t.Helper()
		r, squares, claimed, n := rand.New(rand.NewPCG(3, 4)), 0.0, 0.0, 4000
		for range n {
			x := remembering(r, memory, 400+gap+10)
			for _, i := range missing {
				x[400+gap+i] = math.NaN()
			}
			fit := Autoregression{Memory: memory, Mean: Mean(x[:400]), Scale: 1, Values: 400, Last: x[399]}
			after := x[400+gap:]
			forecast, _ := fit.Shift(after, gap, 1)
			squares += (Mean(after) - forecast) * (Mean(after) - forecast)
			claimed = fit.ShiftError(after, gap)
		}
		near(t, "error", claimed, math.Sqrt(squares/float64(n)), 0.05*claimed)
	}
	f(0, 0)
	f(0.5, 0)
	f(0.9, 0)
	f(0.9, 5)
	f(0.9, 5, 0, 3, 4)
}

func TestShift(t *testing.T) {
	fit := FitAutoregression([]float64{1, 2, math.NaN(), 1, 2, 1, 2, 1, math.NaN()})
	if fit.Since != 1 || fit.Last != 1 || fit.Values != 7 {
		t.Errorf("%+v", fit)
	}
	up, deviate := fit.Shift([]float64{9, 9, 9}, 0, +1)
	down, other := fit.Shift([]float64{9, 9, 9}, 0, -1)
	if up != down || !(deviate > 3) || !(other < -3) {
		t.Errorf("forecast %v and %v, deviates %v and %v", up, down, deviate, other)
	}
	_, spike := fit.Shift([]float64{1.5, 1e9, 1.5}, 0, +1)
	_, high := fit.Shift([]float64{1.5, 1e3, 1.5}, 0, +1)
	if spike != high || !(spike < deviate) {
		t.Errorf("one spike of 1e9 counts %v, one of 1e3 %v, three high values %v", spike, high, deviate)
	}
	if _, none := fit.Shift([]float64{math.NaN()}, 0, +1); !math.IsNaN(none) {
		t.Errorf("a deviate of %v from no values", none)
	}
	flat := FitAutoregression([]float64{3, 3, 3, 3, 3})
	if flat.Scale != 0 || flat.Mean != 3 || flat.Memory != 0 {
		t.Errorf("a flat series: %+v", flat)
	}
	random := FitAutoregression([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	near(t, "memory of a straight line", random.Memory, mostMemory, 0)
}
