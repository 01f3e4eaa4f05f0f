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
package http
