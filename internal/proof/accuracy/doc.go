// Package accuracy measures how often the detector is wrong, and does the same
// to the methods people use instead, on real series in which nothing was
// deployed:
//
//	Read     CSV files          → Series   a regular grid, labelled incidents
//	Draw     series, seed       → moments  where a change is pretended
//	Measure  moments, methods   → Report   false alarms, power, time to detect
//	Markdown, Plots              ← Report  what docs/accuracy.md shows
//
// At each moment every method looks at every tick, first at the series as it
// is (an alarm is false) and then with each of fourteen regressions put in (an
// alarm is a catch). A method is a score a tick: the higher, the surer. So one
// pass gives the rates at a method's documented default and at any other
// threshold, and methods can be compared where they cry wolf equally often.
//
// The peers live here and not beside the detector on purpose: nothing that
// judges a change may ever reach for a test that takes each tick for an
// independent draw.
package accuracy
