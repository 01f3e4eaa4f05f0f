// Package detector answers one question: did this signal get worse after this
// change, by enough to matter, more than it moves on its own?
//
// It is pure — values in, values out; no clock, context, log or I/O — so that
// every verdict can be replayed from what is stored with it. The way through:
//
//	Tabulate  raw series   → Ticks       counters, histograms, gauges on one grid
//	Learn     history      → Profile     how the signal moves when nothing happens
//	Judge     plan, profiles, observation → Verdict
//	Course    the same for one change, look by look, scanning each tick once
//
// A Verdict holds one Evidence a signal: the grade, the reason, the numbers a
// reader needs beside them, and the query that reproduces them. The
// zero value of every outcome is inconclusive; health is earned by evidence.
package detector
