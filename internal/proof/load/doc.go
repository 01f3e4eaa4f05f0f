// Package load measures whether the built program keeps up with its deploy tools: it
// sends signed events at a fixed rate, hardly any of them about a service that is watched,
// and measures from outside how long an answer takes, and how long after an event the
// watch of its change begins.
//
// A watch has begun when the metric store is first asked about its service: the metric
// store is this package's own. `make load` runs it; see tools/load.
package load
