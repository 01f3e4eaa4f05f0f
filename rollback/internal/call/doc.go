// Package call is how hooks speak with the HTTP API of a tool, so that every
// one of them sorts answers alike and leaks nothing.
//
// There are two kinds of calls, and they fail differently. Get looks: where
// it comes to nothing, nothing was done, and an error that may pass wraps
// rollback.ErrNotSent. Act does something: what its answer means is the table
// of rollback/http, and no answer after sending wraps
// rollback.ErrOutcomeUnknown. Follow looks again and again at something that
// was set going, and what it cannot find out is unknown too.
//
// Nothing here tries an act again. Looking again is free; acting again is the
// engine's decision.
package call
