package accuracy

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/pushback/pushback/detector"
)

// checkSmallest compares the smallest difference that a watch with little traffic states
// as detectable with what it detects. A stated difference should be found in four of
// five cases. It is right within 20 % if a fifth less is found more rarely, and a fifth
// more at least as often.
func checkSmallest(runs int, seed uint64) []CountRow {
	var rows []CountRow
	for _, s := range []stream{
		{perTick: 10, before: 0.02, phi: 1}, {perTick: 30, before: 0.01, phi: 1}, {perTick: 100, before: 0.005, phi: 1}, {perTick: 100, before: 0.02, phi: 3},
	} {
		stated := s.meanSmallest(runs, seed)
		for _, part := range []float64{0.8, 1, 1.2} {
			s.after = s.before + part*stated
			share := s.alarms(runs, seed+uint64(len(rows)), s.phi > 1, detector.DefaultThresholds.Likely, window)
			what := fmt.Sprintf("%s × the smallest detectable difference as stated, %s requests a minute, %s bad, φ = %s", number(part), number(s.perTick), number(s.before), number(s.phi))
			rows = append(rows, countRow(what, detector.DefaultThresholds.Likely, window, share, float64(runs)))
		}
	}
	return rows
}

// meanSmallest is the mean of the smallest detectable differences that watches state
// when nothing changed.
func (s stream) meanSmallest(runs int, seed uint64) float64 {
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
