// Package rollback is what we may change, and under which conditions. It
// holds values and pure guards; the hooks that act live below it, one folder
// a kind, and only cmd imports those.
//
// The one door: Permit looks at an Order and the Situation around it and
// gives either every reason against, or a Warrant. A Hook takes nothing but
// a Warrant, and a Warrant cannot be made elsewhere.
//
// An order's states:
//
//	                         ┌── not sent ──┐
//	                         ▼              │
//	proposed ──► approved ──► decided ──► sending ──► done | failed | unknown
//	    └────────────┴───────────┴──► cancelled | expired | refused
//
// proposed waits for a person (mode ask); act starts at decided. Who may send
// is settled by the store: state, epoch and claim compared and swapped in one
// statement. An order goes back from sending to decided where the hook says
// that nothing was sent, and, for a hook declared idempotent, where it is to
// be tried again under the same key. For any other hook sending is never
// entered twice: after a crash there, the order is unknown and people are
// paged.
package rollback
