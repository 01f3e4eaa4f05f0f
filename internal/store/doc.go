// Package store remembers: every event before it is answered, every change in
// its slot, every watch, verdict, order, message and annotation.
//
// Two databases run one set of SQL: SQLite, held by one process through a file
// lock, and PostgreSQL, shared by several. Both know TEXT keys of our own
// making, BIGINT microseconds for time, BOOLEAN, BYTEA, JSON in TEXT decoded
// in Go, partial indexes, $1, ON CONFLICT and RETURNING; nothing beyond that
// is used. What WHERE compares is a column, the rest is JSON in body.
//
// Four things keep two decisions from being made where one is meant:
//
//   - Accept folds an event into its change, settles who stands in the slot and
//     cancels what must not be sent, in one transaction that is on disk before
//     it returns.
//   - Whatever touches a slot locks the slot's row first, then the orders: on
//     PostgreSQL a decision and the change that overtakes it come one after
//     the other, and cannot wait for each other in a circle.
//   - Watches and orders move by compare-and-swap: one UPDATE that names what
//     it believes, and exactly one row or none.
//   - An order's receipt is stored only under the claim that sent it.
package store
