// Package architecture holds the code to its plan: who may import whom, who
// may act, which packages stay pure, and how long a file may get. layers.go is
// the one list of all that; the tests hold it, and docs/architecture.md is
// generated from it.
//
// The import graph shows what can do harm: few packages import hooks, only the
// engine calls them, and what judges can reach neither the network nor the
// clock (adr/0001). The test reads the source with go/parser; asking `go list`
// would be shorter, and its answers go stale in the test cache.
package architecture
