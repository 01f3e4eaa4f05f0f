package accuracy

import (
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/detector/stats"
)

// CountRow is one simulation of the count test, looked at every minute.
type CountRow struct {
	What   string  `json:"what"`
	Level  float64 `json:"level"`
	Within int     `json:"within_ticks"`
	Share  float64 `json:"share"`
	Low    float64 `json:"low"` // 95 % Wilson interval
	High   float64 `json:"high"`
}

// stream is traffic of which a share fails, its counts φ times as scattered as
// chance alone would have them.
type stream struct{ perTick, before, after, phi float64 }

// SimulateCounts measures the count test's false alarms and power.
func SimulateCounts(runs int, seed uint64) []CountRow {
	var rows []CountRow
	f := func(what string, s stream, known bool, level float64, within int) {
		share := s.alarms(runs, seed+uint64(len(rows)), known, level, within)
		low, high := stats.Wilson(share, float64(runs))
		rows = append(rows, CountRow{what, level, within, share, low, high})
	}
	for _, phi := range []float64{1, 2, 5, 10} {
		quiet := stream{1000, 0.01, 0.01, phi}
		name := "false alarms, 10 errors a minute, φ = " + number(phi)
		f(name+" of 30 ticks", quiet, false, 0.05, window)
		f(name+" known", quiet, true, 0.05, window)
		f(name+" known", quiet, true, 0.002, window)
	}
	f("0.2 % → 2 % errors at 300 requests a minute", stream{300, 0.002, 0.02, 1}, false, 0.01, 5)
	f("0.2 % → 2 % errors at 100 requests a minute", stream{100, 0.002, 0.02, 1}, false, 0.05, 15)
	f("1 in 100,000 → twice that at 5,000 requests a second", stream{300000, 1e-5, 2e-5, 1}, false, 0.01, 30)
	return rows
}

// alarms is the share of runs in which p reached the level in time. Where φ is
// known, it comes from a simulated history, too short to be scanned.
func (s stream) alarms(runs int, seed uint64, known bool, level float64, within int) float64 {
	r := rand.New(rand.NewPCG(seed, 2))
	from := time.Unix(0, 0).UTC().Add(24 * time.Hour)
	p := detector.Plan{Tick: time.Minute, Before: window, After: window, Signals: []detector.Signal{{Name: "errors", Kind: detector.Counts, Worse: detector.Higher}}}
	alarms := 0
	for range runs {
		profiles := detector.Profiles{}
		if known {
			history := detector.History{Start: from.Add(-5 * time.Hour), Ticks: s.draw(r, 300, s.before)}
			profiles["errors"] = detector.Learn(p, p.Signals[0], history)
		}
		before, after := s.draw(r, window, s.before), s.draw(r, within, s.after)
		for n := 1; n <= within; n++ {
			seen := detector.Ticks{Value: after.Value[:n], Bad: after.Bad[:n], Total: after.Total[:n]}
			v := detector.Judge(p, profiles, detector.Observation{From: from, StartedAt: from, Readings: []detector.Reading{
				{Signal: "errors", Supply: detector.Fresh, Before: before, After: seen},
			}})
			if v.Signals[0].RawP <= level {
				alarms++
				break
			}
		}
	}
	return float64(alarms) / float64(runs)
}

// draw makes ticks of negative binomial counts: Poisson ones of a rate that is
// itself drawn anew each tick.
func (s stream) draw(r *rand.Rand, n int, share float64) detector.Ticks {
	t := detector.Ticks{Value: make(detector.Values, n), Bad: make(detector.Values, n), Total: make(detector.Values, n)}
	mean := s.perTick * share
	for i := range n {
		rate := mean
		if s.phi > 1 {
			rate = distuv.Gamma{Alpha: mean / (s.phi - 1), Beta: 1 / (s.phi - 1), Src: r}.Rand()
		}
		bad := 0.0
		if rate > 0 {
			bad = math.Min(distuv.Poisson{Lambda: rate, Src: r}.Rand(), s.perTick)
		}
		t.Bad[i], t.Total[i], t.Value[i] = bad, s.perTick, bad/s.perTick
	}
	return t
}
