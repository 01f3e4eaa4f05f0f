// Package store is Pushback's own database. It holds every event (before its
// sender gets an answer), every change in its slot, and every watch, verdict,
// order, message and report.
//
// Two databases run one set of SQL: SQLite, held by one process through a file
// lock, and PostgreSQL, shared by several. The SQL uses only what both support:
// TEXT keys made by Pushback, BIGINT microseconds for time, BOOLEAN, BYTEA, JSON
// in TEXT that Go decodes, partial indexes, $1, ON CONFLICT and RETURNING. What
// a WHERE clause compares is a column; the rest is JSON in the column body.
//
// Four rules make sure that a change gets one decision and never two:
//
//   - Accept folds an event into its change, decides which changes of the slot
//     are superseded or suspended, and cancels the orders that must not be sent,
//     in one transaction that is on disk before Accept returns.
//   - Every transaction that touches a slot locks the slot's row first and the
//     orders afterwards. On PostgreSQL a decision and the newer change that
//     overtakes it therefore run one after the other, without a deadlock.
//   - Watches and orders move by compare-and-swap: one UPDATE that names the
//     state it expects, and changes one row or none.
//   - An order's receipt is stored only under the claim that sent it.
package store
