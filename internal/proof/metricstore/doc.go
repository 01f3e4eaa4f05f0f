// Package metricstore is a Prometheus for measurements: any number of services, whose samples
// are functions of time, so that they take no memory. It runs beside the program that is
// measured and must leave it the machine.
//
//	Start          listens on loopback and answers query and query_range    server.go
//	BreakDown      a service begins to fail                                  breakdown.go
//	SetDelay       the store becomes slow; Hang: it answers nobody           server.go
//	Counts         what it was asked                                         server.go
//
// A bare selector, which most questions are, is evaluated here (bare.go). Everything else is
// evaluated by Prometheus's engine over the same samples (queryable.go), and a test compares
// both.
package metricstore
