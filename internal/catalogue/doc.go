// Package catalogue is the service catalogue: how the service of a change becomes
// labels in the metric store, who answers for it, what it depends on, and which
// services call it.
//
// What the operators list is known at once; the rest is discovered by an instant
// query and cached. A service that the store has not shown has no labels, so that
// nothing is asked in its name.
//
//	Config     what pushback.yml says               → New
//	Map        a tool's name                        → our name of the service    pattern.go
//	Knows      a service                            → whether the catalogue has it
//	Service    a name                               → rules.Service with callers and callees
//	Upstream   a name                               → what it depends on, with distances
package catalogue
