// Package architecture holds the house to its plan: who may import whom, who
// may act, which packages stay pure, and how long a file may get. It is a test
// and nothing else.
//
// The import graph is the map of what can do harm: only cmd knows the hooks,
// only the engine calls them, and what judges can reach neither the network
// nor the clock. The test reads the source with go/parser; asking `go list`
// would be shorter, and its answers go stale in the test cache.
package architecture
