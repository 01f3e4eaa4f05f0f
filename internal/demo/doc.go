// Package demo shows Pushback at work on a small web shop. Only the shop is made
// up: the daemon is the one that `pushback serve` runs, the metrics are scraped from
// real requests, and the hook really switches the version back.
//
//	Files     writes pushback.yml, a rule and secrets into a folder
//	History   makes seven hours of the shop's past from measured latencies
//	Scenario  ships a good release, a slightly worse one and a broken one, prints
//	          what happens, and fails if Pushback does not do as it should
//
// The past is simulated, because without seven hours of history every verdict by
// statistics would be capped at "suspect". Its latencies are sampled from what the
// shop takes on this machine, so that a slow laptop has a slow past too.
package demo
