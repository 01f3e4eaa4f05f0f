// Package reliability holds the built program to what it promises, by doing to
// it what production does: killing it, filling its disk, failing its disk,
// and lying to it. `make reliability` runs it and writes docs/reliability.md.
//
// The program under test is a process of its own, seen only from outside:
//
//	driver ──events──► pushback ──rollbacks, messages──► receiver
//	   │                  │ ▲                                │
//	 ledger            queries answers                     ledger
//	                      ▼ │
//	                  metric store, scripted: it knows which service went bad, and when
//
// The driver writes down what it sends and what it was answered; the receiver
// writes down, and syncs to disk, what it is sent before it answers. Neither
// asks Pushback what happened. Afterwards the two ledgers, the script and what
// Pushback itself says are held against three invariants:
//
//  1. Every event that was answered 2xx is there, and its change reaches a
//     final state, and so does its order.
//  2. A change is sent at most one rollback request; by a hook declared
//     idempotent perhaps several, all with one key and one body.
//  3. No rollback without a certain verdict, nor of a change that the script
//     knows to be good, nor of one that a newer change has overtaken.
//
// A suite is worth what it would have caught. So each is also run against
// programs with a bug planted in them (plant.go), and a suite that finds
// nothing wrong with one is itself a violation.
package reliability
