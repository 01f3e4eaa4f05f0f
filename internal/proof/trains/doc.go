// Package trains measures what becomes of changes that follow one another within minutes, one
// in twenty of them bad, on drawn services whose truth is known:
//
//	draw      seed, number    → train    changes, 2 to 15 minutes apart, and what they do     train.go, fault.go
//	cells     train           → numbers  what a store would have, in cells of 5 s              service.go, cells.go
//	run       train           → Outcome  which change is rolled back, and who is asked         run.go, ledger.go
//	Measure   many trains     → Report   shares, and how exactly an onset is known             measure.go, report.go
//
// Nothing that decides is copied: grids come from gather.ViewAt, baselines, suspects and onsets
// from situation.Reader, verdicts from detector.Course, which is Judge look by look, states of
// watches from watch.Advance, and rollback.Permit is asked about every decided order. Only the
// metric store and the database are replaced, by numbers and by a list of changes.
//
// A train ends with the first order, or with the first question to a person. Its fault goes on
// until then, whatever changes follow.
//
// The weights of suspects are measured here: see Report.Misses and adr/0085. They are tuned on
// seeds 1 to 99 and reported from 100 on.
package trains
