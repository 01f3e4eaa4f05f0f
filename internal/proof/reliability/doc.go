// Package reliability tests the promises of the built program under faults: it kills
// the program, fills its disk, makes its disk fail, and gives it metric stores that
// answer wrongly. `make reliability` runs it and writes docs/reliability.md.
//
// The program under test is a separate process, observed only from outside:
//
//	driver ──events──► pushback ──rollbacks, messages──► receiver
//	   │                  │ ▲                                │
//	 ledger            queries answers                     ledger
//	                      ▼ │
//	                  metric store, scripted: it knows which service went bad, and when
//
// The driver records what it sends and how it is answered. The receiver records every
// request, synced to disk, before it answers. Neither asks Pushback what happened. At
// the end the two ledgers, the script and the answers of Pushback are checked against
// four invariants:
//
//  1. Every event that was answered 2xx is stored, and its change and its order reach
//     a final state.
//  2. At most one rollback request is sent for a change. A hook declared idempotent
//     may send several, all with one key and one body.
//  3. No rollback happens without a certain verdict, for a change that is good by the
//     script, or for a change that a newer change has overtaken.
//  4. A rollback goes to the last good version, whichever bad ones were rolled back
//     before and whatever the deploy tool reports of that (versions.go).
//
// To show that a suite can find bugs, it also runs against programs with a planted bug
// (plant.go). A suite that does not find one in three tries is itself a violation.
package reliability
