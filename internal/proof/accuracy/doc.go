// Package accuracy measures how often the detector and the methods of other tools are
// wrong, on real series in which nothing was deployed:
//
//	Read     CSV files          → Series   a regular grid, labelled incidents
//	Draw     series, seed       → moments  at which a change is assumed
//	Measure  moments, methods   → Report   false alarms, power, time to detect
//	Markdown, Plots              ← Report  what docs/accuracy.md shows
//
// At each moment every method judges at every tick, first the series as it is (an
// alarm is false) and then the series with each of fourteen regressions added (an alarm
// is right). A method gives a score per tick: the higher, the more certain. So one pass
// gives the rates at a method's documented default and at any other threshold, and
// methods can be compared at equal rates of false alarms.
//
// The peers are here and not beside the detector, so that nothing that judges a change
// can use a test which assumes that ticks are independent.
//
// See adr/0023.
package accuracy
