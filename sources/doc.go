// Package sources defines what Pushback takes in: events that tools send, the
// changes that people make, and the series that metric stores answer with.
//
// It holds values and nothing else. It reads no clock, opens no socket and
// logs nothing, so that a decision can be replayed from what was stored. The
// adapters in the folders below it talk to the outside:
//
//	sources/changes/<tool>   a tool's delivery → Event
//	sources/metrics/<store>  a Query over a Window → []Series
//
// Tools send events; people make changes. One change is usually reported by two
// or more events (started, then succeeded), and sometimes by two tools. Admit
// completes and checks an event, Fold joins it to its change, and Slot says which
// changes replace each other.
package sources
