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
// Recorded series are of few kinds, and the truth about them is not known. So the detector
// is also measured where it is known:
//
//	Calibrate        series drawn from many generators, with histories of many lengths
//	MeasureRare      series that hardly move, and moves that are short
//	MeasureSeveral   services with several signals, of which a change moves some
//	MeasureWarmups   services whose every deploy makes them slow for a while
//	MeasureLimit     beside judges that know the law of the noise
//	MeasureFaults    a recording in which faults were put into pods on purpose
//	MeasureDirty     counters of pods in which a store gives what cannot be true
//	trains.Measure   changes that follow one another within minutes, with the guards
//
// Everything drawn depends on the seed and on what is drawn alone, so that any part can be
// measured again without the others. The detector is tuned on seeds 1 to 99, and the page
// is made with a seed from 100 on.
//
// The peers are here and not beside the detector, so that nothing that judges a change
// can use a test which assumes that ticks are independent.
//
// See adr/0023 and adr/0063.
package accuracy
