// Package ruletest runs the unit tests that teams write for their rules, as `promtool
// test rules` does for alerts. A test has series in Prometheus's notation, a change,
// and what the rule must say of it at given times.
//
//	Parse     a file of tests, every mistake at once   file.go, check.go
//	Run       each test, by a replay                   run.go
//	series    notation, shape and noise → samples      notation.go, series.go
//	compare   the actual against the expected          expect.go
//	Text      failures as a readable diff              text.go
//	JUnit     the same for CI                          junit.go
//
// This package neither judges nor responds itself. It makes a metric store of a
// test's series (embedded.InMemory: Prometheus's engine, no server, no disk) and gives
// it to internal/backtest, which queries it through internal/gather, judges with the
// detector and responds with the rule's own lines, as the daemon does. So a test shows
// what production would do, with the exceptions that package backtest lists.
//
// A test always has the same result: its clock begins at Start, and its noise depends
// on the names of the test and of the series alone.
//
// See adr/0027.
package ruletest
