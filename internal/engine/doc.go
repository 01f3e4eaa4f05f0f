// Package engine is the loop: it watches every change under every rule that wants it, and
// does what a verdict implies.
//
// One look at one watch is the main path, and fits one screen (look.go):
//
//	gather   ask the metric stores           internal/gather
//	judge    detector.Judge, pure            look.go
//	respond  the rule's lines, pure in rules respond.go, responsetext.go
//	record   one transaction: the watch's move, the verdict with what reproduces it,
//	         and every row that follows from it
//
// Jobs carry the rows out: orders (order.go, permit.go, send.go), messages (deliver.go),
// reports to other tools (internal/reporting), verifications (verify.go). New (engine.go) wires the parts,
// each a type over the shared core (core.go) with the other parts that it uses as fields:
//
//	planner      begins the watches of a new change            internal/planning, plan.go
//	looker       looks at watches when they are due            lookloop.go, look.go
//	ruleBook     the last good rules                           rulebook.go
//	executor     orders, from proposal to outcome              order.go … approve.go
//	scheduler    what is done at set times                     schedule.go
//
// Looks can be repeated, effects cannot. So looks live in a heap in memory and begin again
// after a crash, while orders, messages and reports are rows first and jobs second: the
// row is the record, and the job only carries its key. At start, and every sweep after it, a
// job is inserted for each row that is not final; a late duplicate finds its row moved on
// and does nothing. See adr/0004.
package engine
