// Package versions finds deploys that nobody announced: a feed that asks a metric store which
// versions run, and makes an event of every one that comes or goes.
//
//	query: 'count by (job, version) (build_info)'   each series is one version of one service,
//	                                                 and its value how many instances run it
//
//	a version appears beside or in place of the one before    started
//	the one before is gone                                     succeeded
//	the new one is gone, and the one before still runs         failed
//
// What runs first is the baseline. A store that is down, a scrape that fails and a version that is
// seen once are no events: a version must be seen twice, and be gone for the quiet time while
// another one runs. The times of events are those of the first answer that showed it, at whole
// multiples of the interval, so that replicas and restarts make the same events.
//
// After a start, what was missed of the last two hours is read. For services of which the store knows
// a change, all of it is read again: what was stored before is a duplicate then. For others, it is
// read from the last read that the store has a note of, or from the first start: what ran at that time
// is their baseline, so that a deploy while Pushback starts or is down is found, and one that was
// there before is not.
//
// A deploy that a webhook reported as well is one change with two witnesses, if both tools call the
// version alike. If the webhook came first, its name is used (sources.SameVersion). If a webhook
// reported a version that never ran within the time set, the people who answer for the service
// are told, but only where the names of earlier versions met: see announced.go.
//
//	Config, New, Run    settings and the loop                     versions.go
//	tracker             the versions of one service               tracker.go
//	read                series → instances of each version        read.go
//	announced           webhooks whose version did not come       announced.go
//
// See adr/0119, adr/0122.
package versions
