// Package planning begins the watches of new changes, and keeps up with intake: under
// thousands of events a second, of which hardly any are watched, a watch begins at once.
//
//	Unwatched  an event whose change no rule watches is planned as it is stored, and
//	           never read again                                        planner.go
//	Offer      a change that is watched is handed over in memory       planner.go
//	           and planned with the others that wait, in one commit    batch.go
//	WakeUp     whatever else is not planned is found in the store, the watched ones
//	           first: what was stored before the rules were read, by another replica,
//	           or before a crash                                       backlog.go
//
// What is in memory is only a hint: a change is planned once its row says so, and the row
// is marked by compare-and-swap in the transaction that inserts its watches.
//
// See adr/0086.
package planning
