// Package ruletest runs the unit tests that teams write for their rules, in
// the manner of `promtool test rules`: series in Prometheus's own notation, a
// change at a moment, and what the rule must say of it at given times.
//
//	Parse     a file of tests, every mistake at once   file.go, check.go
//	Run       each test, by a replay                   run.go
//	series    notation, shape and noise → samples      notation.go, series.go
//	compare   what came against what was expected      expect.go
//	Text      failures as a readable diff              text.go
//	JUnit     the same for CI                          junit.go
//
// Nothing here judges or responds. A test makes a metric store of its series
// (embedded.InMemory: Prometheus's engine, no server, no disk) and hands it to
// internal/backtest, which asks it through internal/gather, judges with the
// detector and answers with the rule's own lines, as the daemon does. So a
// test that passes says what production would do, with the exceptions that
// package backtest lists.
//
// Everything is repeatable: the clock begins at Start, and noise is drawn from
// a seed made of the test's name and the series'.
//
// See adr/0027.
package ruletest
