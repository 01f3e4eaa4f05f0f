package accuracy

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pushback/pushback/detector"
)

// smallest holds the smallest difference that a watch of thin traffic says it
// could have seen against what it sees: it is meant to be found four times of
// five, so it is right within 20 % where a fifth less is found more rarely, and
// a fifth more at least so often.
func smallest(runs int, seed uint64) []CountRow {
	var rows []CountRow
	for _, s := range []stream{
		{perTick: 10, before: 0.02, phi: 1}, {perTick: 30, before: 0.01, phi: 1}, {perTick: 100, before: 0.005, phi: 1}, {perTick: 100, before: 0.02, phi: 3},
	} {
		claim := s.claimed(runs, seed)
		for _, part := range []float64{0.8, 1, 1.2} {
			s.after = s.before + part*claim
			share := s.alarms(runs, seed+uint64(len(rows)), s.phi > 1, detector.DefaultThresholds.Likely, window)
			what := fmt.Sprintf("%s × the smallest difference said to be seen, %s requests a minute, %s bad, φ = %s", number(part), number(s.perTick), number(s.before), number(s.phi))
			rows = append(rows, countRow(what, detector.DefaultThresholds.Likely, window, share, float64(runs)))
		}
	}
	return rows
}

// claimed is the mean of the smallest differences that watches say they could
// have seen, where nothing changed.
func (s stream) claimed(runs int, seed uint64) float64 {
	r := rand.New(rand.NewPCG(seed, 5))
	p, sum := countPlan(time.Minute), 0.0
	for range runs {
		k := detector.Profiles{}
		if s.phi > 1 {
			history := detector.History{Start: simulated.Add(-5 * time.Hour), Ticks: s.draw(r, 0, 300, s.before)}
			k["errors"] = detector.Learn(p, p.Signals[0], history)
		}
		before, after := s.draw(r, 0, window, s.before), s.draw(r, 0, window, s.before)
		v := detector.Judge(p, k, detector.Observation{From: simulated, StartedAt: simulated, Final: true, Readings: []detector.Reading{
			{Signal: "errors", Supply: detector.Fresh, Before: before, After: after},
		}})
		sum += v.Signals[0].Smallest
	}
	return sum / float64(runs)
}
