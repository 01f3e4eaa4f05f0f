// Package rollback is what we may change, and under which conditions. It
// holds values and pure guards; the hooks that act live below it, one folder
// a kind, and only internal/daemon imports
// those.
//
// The one door: Permit looks at an Order and the Situation around it and
// gives either every reason against, or a Warrant. A Hook takes nothing but
// a Warrant, and a Warrant cannot be made elsewhere.
//
// An order's states:
//
//	proposed ──► approved ──► decided ──► sending ──► done | failed | unknown
//	    └────────────┴───────────┴──► cancelled | expired | refused
//	                          decided ──► proposed
//
// proposed waits for a person (mode ask); act starts at decided, and goes back
// to proposed where every guard that refuses asks for a person's judgement.
// Approved orders do not: an approval answers those guards. Who may send
// is settled by the store: state, epoch and claim compared and swapped in one
// statement. A hook declared idempotent may be asked again under the same key
// and a higher claim, while the order stays in sending. For any other hook
// sending is never entered twice: after a crash there, the order is unknown
// and people are paged.
package rollback
