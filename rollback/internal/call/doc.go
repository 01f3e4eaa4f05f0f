// Package call sends HTTP requests to the API of a deploy tool for hooks, so that
// all hooks classify answers alike and never write a secret into an error.
//
// There are two kinds of calls, with different errors. Get reads: if it fails,
// nothing was changed, and a temporary error wraps rollback.ErrNotSent. Act changes
// something: the status of its answer means what the table of rollback/http says,
// and no answer to a request that was sent wraps rollback.ErrOutcomeUnknown. Follow
// reads repeatedly until something that was started has ended; if it cannot find
// out how it ended, the outcome is unknown as well.
//
// This package never repeats an Act. A read can be repeated without harm; the
// engine decides whether to repeat a rollback.
package call
