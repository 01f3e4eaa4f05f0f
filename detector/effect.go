package detector

import (
	"math"

	"github.com/pushback/pushback/detector/stats"
)

// finishTest fills in the effect after a test, and holds a signal that was unhealthy before
// the change to the history's worst.
func (t *trial) finishTest(effect func() Effect) {
	t.staleNote()
	if t.outsideBefore() {
		t.note("The signal was outside its usual range before the change; only values worse than the history's worst count.")
		if !t.beyondHistory() {
			t.e.Reason, t.unhealthyBefore = BaselineUnhealthy, true
		}
		if t.unhealthyBefore && !t.everBeyondHistory() {
			t.e.RawP = 1
		}
	}
	t.e.Effect, t.e.Smallest = effect().finite(), finiteOrZero(t.smallest())
	if s := t.finding.scan; s != nil {
		t.e.Forecaster, t.e.Placebos, t.e.AlarmRate = s.Forecaster, s.Placebos, s.AlarmRate
	}
}

// levelEffect is the mean of the after-ticks against the mean of their forecasts. At each
// end of the interval, nine placebos of ten stay within.
func (t *trial) levelEffect() Effect {
	sum, forecast, n := 0.0, 0.0, 0
	for j, a := range t.values() {
		if f := t.forecastAt(j); !math.IsNaN(a) && !math.IsNaN(f) {
			sum, forecast, n = sum+a, forecast+f, n+1
		}
	}
	e := effectOf(forecast/float64(n), sum/float64(n))
	half := t.halfWidth(n)
	e.Low, e.High = e.Difference-half, e.Difference+half
	return e
}

func (t *trial) halfWidth(n int) float64 {
	if s := t.finding.scan; s != nil {
		return s.Lengths[max(fitting(n)-1, 0)].at(nineTenths) * t.finding.scale
	}
	return stats.Normal95 * stats.FitAutoregression(t.before.Value).ShiftError(t.values(), t.look.Gap)
}

// countEffect is the share of all after-events against the forecast share,
// with Newcombe's interval on counts divided by φ.
func (t *trial) countEffect(y Tally) Effect {
	forecast, before := t.meanForecast(), y.BadBefore/y.TotalBefore
	e := effectOf(forecast, y.BadAfter/y.TotalAfter)
	phi := y.Overdispersion
	low, high := stats.Newcombe(y.BadBefore/phi, y.TotalBefore/phi, y.BadAfter/phi, y.TotalAfter/phi)
	e.Low, e.High = low+before-forecast, high+before-forecast
	return e
}

// armsEffect is the share of bad events against the control's.
func (t *trial) armsEffect(y Tally) Effect {
	var bad, total float64
	for _, ticks := range []Ticks{t.control.after, t.control.running} {
		b, n := ticks.events()
		bad, total = bad+b, total+n
	}
	if total <= 0 || y.TotalAfter <= 0 {
		return Effect{After: y.BadAfter / max(y.TotalAfter, 1)}
	}
	e, phi := effectOf(bad/total, y.BadAfter/y.TotalAfter), y.Overdispersion
	e.Low, e.High = stats.Newcombe(bad/phi, total/phi, y.BadAfter/phi, y.TotalAfter/phi)
	return e
}

func (t *trial) meanForecast() float64 {
	if len(t.finding.forecast) == 0 {
		return t.levelBefore()
	}
	return stats.Mean(t.finding.forecast)
}

// plainEffect is what moved where nothing could be tested; it has no
// interval.
func (t *trial) plainEffect() Effect {
	after := stats.Mean(t.after.Value)
	bad, total := t.after.events()
	runningBad, running := t.running.events()
	if total+running > 0 {
		after = (bad + runningBad) / (total + running)
	} else if math.IsNaN(after) {
		after = stats.Mean(t.running.Value)
	}
	return effectOf(t.levelBefore(), after).finite()
}

func effectOf(forecast, after float64) Effect {
	e := Effect{Forecast: forecast, After: after, Difference: after - forecast}
	if forecast != 0 {
		e.Ratio = after / forecast
	}
	return e
}

// finite replaces what JSON cannot hold, and what was never measured, by 0.
func (e Effect) finite() Effect {
	if math.IsNaN(e.After) || math.IsNaN(e.Forecast) {
		return Effect{Forecast: finiteOrZero(e.Forecast), After: finiteOrZero(e.After)}
	}
	if math.IsNaN(e.Low) || math.IsNaN(e.High) {
		e.Low, e.High = 0, 0
	}
	return Effect{finiteOrZero(e.Forecast), finiteOrZero(e.After), finiteOrZero(e.Difference), finiteOrZero(e.Ratio), finiteOrZero(e.Low), finiteOrZero(e.High)}
}

// finiteOrZero is v, or 0 where JSON cannot hold it.
func finiteOrZero(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// detectableDeviates is how many standard errors a shift must have to reach p = 0.01 four
// times out of five.
const detectableDeviates = 2.326 + 0.842

// smallest is the smallest difference that this watch could have found: by a scan, what
// lifts a mean of ten ticks over the 99 % quantile of the placebos; by the before window,
// what its standard error allows over a whole horizon; by counts, what their own test finds in one.
func (t *trial) smallest() float64 {
	smallest := 0.0
	if s := t.finding.scan; s != nil {
		smallest = s.shiftAt(s.Q99, t.plan.After, t.finding.plain) * t.finding.scale
	} else if t.e.Counts == nil {
		return detectableDeviates * stats.FitAutoregression(t.before.Value).ShiftError(make([]float64, t.plan.After), t.look.Gap)
	}
	if t.e.Counts != nil {
		smallest = max(smallest, t.smallestShare(*t.e.Counts))
	}
	return smallest
}
