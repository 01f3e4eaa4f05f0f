// Package demo shows Pushback at work on a shop of its own, with nothing
// staged but the shop: the daemon is the one that `pushback serve` runs, the
// metrics are scraped from real requests, and the hook really switches the
// version back.
//
//	Files     pushback.yml, a rule and a secret, in a folder of their own
//	History   seven hours of the shop's past, drawn from its own first seconds
//	Scenario  ships a good release, a slightly worse one and a broken one, and
//	          says what it sees; an error when Pushback did not do as promised
//
// The past is made up, because nobody would wait seven hours: without one,
// every verdict by statistics would be capped at "suspect". Latencies are
// drawn from what this machine's shop really took, so that a slow laptop has a
// slow past too.
package demo
