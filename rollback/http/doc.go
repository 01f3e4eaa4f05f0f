// Package http rolls back by calling a URL: one signed POST, once.
//
// The request is what docs/hooks.md promises receivers: the brief as JSON, an
// Idempotency-Key, and the three headers of the Standard Webhooks
// specification. The answer's status is the outcome:
//
//	2xx                     done
//	502, 504                unknown: a proxy speaks, and what stood behind it may have run
//	anything else           failed, redirects too: a signed order follows no hint
//	no connection           not sent
//	no answer after sending unknown
//
// Whether to try again is the engine's decision. This package never does.
//
// A receiver may say more of itself. check_url is asked before there is any
// order, verify_url after one; both are plain GETs at addresses of their own,
// because a receiver that overlooked a word such as "dry run" at the address
// of the hook would roll back.
package http
