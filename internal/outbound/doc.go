// Package outbound makes HTTP calls to other systems: deploy tools, pagers, chats
// and Grafana. Each call is one request on a new connection. The package
// guarantees three things that net/http's Client does not:
//
//   - The caller knows whether a failed call may have arrived. A call that failed
//     before it had a connection did not arrive and may be repeated. A call that
//     failed later may have arrived.
//   - A request is sent at most once. net/http's transport repeats a request on
//     its own if it has an Idempotency-Key and a reused connection is closed. Here
//     no connection is reused, and a body cannot be read twice.
//   - An answer may be shown to people. It is of bounded size and valid UTF-8, and
//     the secrets of the request are removed, because servers may repeat them in
//     an answer.
//
// Redirects are not followed, so that a signed rollback goes only to the address
// that the operator configured. Metric stores, which are only read, may redirect: see
// Follower. Nothing connects to a link-local or metadata address, whatever name leads there.
package outbound
