// Package http rolls back by calling a URL: one signed POST, sent once.
//
// The request is the one that docs/hooks.md documents: the brief as JSON, an
// Idempotency-Key, and the three headers of the Standard Webhooks specification. The
// status of the answer decides the outcome:
//
//	2xx                     done
//	502, 504                unknown: a proxy answered, and the receiver may have acted
//	anything else           failed; redirects too, because a signed order is sent to the configured URL only
//	no connection           not sent
//	no answer after sending unknown
//
// The engine decides whether to call again. This package never does.
//
// The receiver can answer two more requests. check_url is called before there is an
// order, verify_url after a rollback. Both are GETs to separate URLs: if the URL of the
// hook took a parameter such as "dry run", a receiver that ignored it would roll back.
package http
