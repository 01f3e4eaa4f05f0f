// Package outbound is how Pushback calls somebody else: hooks, pagers, chats,
// Grafana. One call is one request on a connection of its own, and three
// questions are answered about it, which net/http's Client leaves open:
//
//   - Was it sent? A call that failed before it had a connection never reached
//     anybody and may be repeated, whatever it does; one that failed later may
//     have run.
//   - Was it sent once? The transport repeats a request with an
//     Idempotency-Key on its own when a kept connection turns out dead. Here
//     no connection is kept and no body can be had twice.
//   - May its outcome be shown to people? Answers are bounded, made valid
//     UTF-8, and everything secret that was sent is blotted out, because
//     servers echo what they refuse.
//
// Redirects are answers, not instructions: a signed rollback goes where the
// operator said and nowhere else.
package outbound
