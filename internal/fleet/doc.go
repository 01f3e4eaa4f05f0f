// Package fleet knows when so much is bad at once that no single change can be the
// cause. It then holds all automatic rollbacks, and lets people have one message instead
// of one for every change.
//
//	breaker.go  sets the hold
//	fold.go     asked before a message leaves: folds it into the one about the hold
//	compose.go  what that one says once everything is folded into it
//
// See adr/0039 and adr/0080.
package fleet
