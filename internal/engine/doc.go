// Package engine is the loop: it watches every change under every rule that
// wants it, and does what a verdict implies.
//
// One look at one watch is the whole of it, and fits one screen (look.go):
//
//	gather   ask the metric stores          gather.go, resolve.go, profile.go
//	judge    detector.Judge, pure           look.go
//	respond  rules.Respond, pure            respond.go
//	record   one transaction: the watch's move, the verdict with what
//	         reproduces it, and every intent that follows from it
//	act      jobs carry the intents out     order.go, tell.go, annotate.go
//
// Looks are recomputable, effects are not. So looks live in a heap in memory
// and are simply begun again after a crash, while orders, messages and
// annotations are rows first and jobs second: the row is the record, the job
// only carries its key. At start, and every sweep after it, a job is inserted
// for each row that is not final; a late duplicate finds its row moved on and
// does nothing. See adr/0004 for why nothing relies on the job queue.
package engine
