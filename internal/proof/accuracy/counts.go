package accuracy

import (
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/detector/stats"
)

// CountRow is one simulation that is judged at every tick.
type CountRow struct {
	What   string  `json:"what"`
	Level  float64 `json:"level"`
	Within int     `json:"within_ticks"`
	Share  float64 `json:"share"`
	Low    float64 `json:"low"` // 95 % Wilson interval
	High   float64 `json:"high"`
}

// countRow is the row of a number of runs, of which a share alarmed.
func countRow(what string, level float64, within int, share, runs float64) CountRow {
	low, high := stats.Wilson(share, runs)
	return CountRow{what, level, within, share, low, high}
}

// stream is traffic of which a share fails. The variance of its counts is φ times that
// of a Poisson distribution. Swell is the relative amplitude with which the traffic and
// the share rise and fall in a day.
type stream struct{ perTick, before, after, phi, swell float64 }

// SimulateCounts measures the count test's false alarms and power, and those of
// a histogram's two signals.
func SimulateCounts(runs int, seed uint64) []CountRow {
	var rows []CountRow
	f := func(what string, s stream, known bool, level float64, within int) {
		share := s.alarms(runs, seed+uint64(len(rows)), known, level, within)
		rows = append(rows, countRow(what, level, within, share, float64(runs)))
	}
	for _, phi := range []float64{1, 2, 5, 10} {
		quiet := stream{perTick: 1000, before: 0.01, after: 0.01, phi: phi}
		name := "false alarms, 10 errors a minute, φ = " + number(phi)
		f(name+" of 30 ticks", quiet, false, 0.05, window)
		f(name+" known", quiet, true, 0.05, window)
		f(name+" known", quiet, true, 0.002, window)
	}
	f("0.2 % → 2 % errors at 300 requests a minute", stream{perTick: 300, before: 0.002, after: 0.02, phi: 1}, false, 0.01, 5)
	f("0.2 % → 2 % errors at 100 requests a minute", stream{perTick: 100, before: 0.002, after: 0.02, phi: 1}, false, 0.05, 15)
	f("1 in 100,000 → twice that at 5,000 requests a second", stream{perTick: 300000, before: 1e-5, after: 2e-5, phi: 1}, false, 0.01, 30)
	rows = append(rows, diurnal(runs, seed)...)
	rows = append(rows, checkSmallest(runs, seed)...)
	return append(rows, slowTail(runs, seed)...)
}

// alarms is the share of runs in which p reached the level within some ticks. Where φ is
// known, it is learned from a simulated history that is too short for the scan.
func (s stream) alarms(runs int, seed uint64, known bool, level float64, within int) float64 {
	r := rand.New(rand.NewPCG(seed, 2))
	p := countPlan(time.Minute)
	alarms := 0
	for range runs {
		profiles := detector.Profiles{}
		if known {
			history := detector.History{Start: simulated.Add(-5 * time.Hour), Ticks: s.draw(r, 0, 300, s.before)}
			profiles["errors"] = detector.Learn(p, p.Signals[0], history)
		}
		before, after := s.draw(r, 0, window, s.before), s.draw(r, 0, within, s.after)
		alarms += watchCounts(p, profiles, simulated, before, after, func(v detector.Verdict) bool { return v.Signals[0].RawP <= level })
	}
	return float64(alarms) / float64(runs)
}

// simulated is the time of simulated changes.
var simulated = time.Unix(0, 0).UTC().AddDate(0, 1, 0)

func countPlan(tick time.Duration) detector.Plan {
	return planOf(tick, detector.Signal{
		Name: "errors", Kind: detector.Counts, Worse: detector.Higher, MinEffect: detector.MinEffect{Absolute: 0.001}, MinEvents: 50,
	})
}

// countsRead is the reading of counts of which n after-ticks can be seen.
func countsRead(before, after detector.Ticks, n int) detector.Reading {
	return detector.Reading{Signal: "errors", Supply: detector.Fresh, Before: before, After: ticksFrom(after, 0, n)}
}

func ticksFrom(t detector.Ticks, from, to int) detector.Ticks {
	return detector.Ticks{Value: t.Value[from:to], Bad: t.Bad[from:to], Total: t.Total[from:to]}
}

// watchCounts is 1 if one of the looks alarmed, else 0.
func watchCounts(p detector.Plan, k detector.Profiles, from time.Time, before, after detector.Ticks, alarmed func(detector.Verdict) bool) int {
	read := func(n int) []detector.Reading {
		return []detector.Reading{countsRead(before, after, n)}
	}
	for _, v := range verdicts(p, k, from, len(after.Total), read) {
		if alarmed(v) {
			return 1
		}
	}
	return 0
}

// draw makes n ticks of negative binomial counts, beginning at tick i of a day: Poisson
// counts whose rate is drawn for each tick. A day has ticksPerDay ticks.
func (s stream) draw(r *rand.Rand, i, n int, share float64) detector.Ticks {
	t := detector.Ticks{Value: make(detector.Values, n), Bad: make(detector.Values, n), Total: make(detector.Values, n)}
	for k := range n {
		swell := 1 + s.swell*math.Sin(2*math.Pi*float64(i+k)/ticksPerDay)
		total := math.Round(s.perTick * swell)
		rate := total * share * swell
		if s.phi > 1 {
			rate = distuv.Gamma{Alpha: rate / (s.phi - 1), Beta: 1 / (s.phi - 1), Src: r}.Rand()
		}
		bad := 0.0
		if rate > 0 {
			bad = math.Min(distuv.Poisson{Lambda: rate, Src: r}.Rand(), total)
		}
		t.Bad[k], t.Total[k], t.Value[k] = bad, total, bad/total
	}
	return t
}

// ticksPerDay is for ticks of five minutes.
const ticksPerDay = 288

// diurnal watches harmless changes at random times of day, while traffic and errors rise
// and fall with the day, with profiles of ten days.
func diurnal(runs int, seed uint64) []CountRow {
	const changes = 20 // under one profile
	r := rand.New(rand.NewPCG(seed, 3))
	s := stream{perTick: 5000, before: 0.01, after: 0.01, phi: 2, swell: 0.5}
	p := countPlan(5 * time.Minute)
	alarms, tried := 0, 0
	for tried < runs {
		start := simulated.Add(-10 * 24 * time.Hour)
		k := detector.Profiles{"errors": detector.Learn(p, p.Signals[0], detector.History{Start: start, Ticks: s.draw(r, 0, 10*ticksPerDay, s.before)})}
		for range changes {
			at := r.IntN(ticksPerDay/2) + window // within half a day of the profile's end
			before, after := s.draw(r, at-window, window, s.before), s.draw(r, at, window, s.after)
			alarms += watchCounts(p, k, simulated.Add(time.Duration(at)*p.Tick), before, after, func(v detector.Verdict) bool { return v.Grade >= detector.Likely })
			tried++
		}
	}
	share := float64(alarms) / float64(tried)
	return []CountRow{countRow("false alarms, traffic and errors that swell by half with the day, ten days known", detector.DefaultThresholds.Likely, window, share, float64(tried))}
}
