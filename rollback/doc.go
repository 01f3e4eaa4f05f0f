// Package rollback decides whether a change may be rolled back. It holds values
// and pure guards. The hooks, which act, are in the folders below, one folder for
// each kind; only internal/daemon imports them.
//
// Permit takes an Order and the Situation around it. It returns a Warrant, or
// every reason against the rollback. A Hook acts on a Warrant only, and no other
// function makes one.
//
// The states of an order:
//
//	proposed ──► approved ──► decided ──► sending ──► done | failed | unknown
//	    └────────────┴───────────┴──► cancelled | expired | refused
//	                          decided ──► proposed
//
// In mode ask an order starts as proposed and waits for a person. In mode act it
// starts as decided, and goes back to proposed if a person's approval answers
// every guard that refuses. An approved order does not go back, because the
// approval has answered those guards.
//
// The store decides which process may send an order: it compares and swaps the
// state, the epoch and the claim in one statement. A hook declared idempotent may
// be called again with the same key and a higher claim, while the order stays in
// sending. For any other hook an order enters sending once: after a crash there,
// it becomes unknown and people are paged.
package rollback
