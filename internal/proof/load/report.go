package load

import (
	"fmt"
	"strings"
	"time"
)

// lateWatch is how long after its event's answer a watch begins too late.
const lateWatch = time.Second

// Kept reports whether every event was accepted and every watch began in time.
func (r Result) Kept() bool {
	return r.Refused == 0 && r.Unwatched == 0 && r.Watches.Most < lateWatch
}

// String is the result as a row of the page.
func (r Result) String() string {
	return fmt.Sprintf("| %s | %d | %.0f | %s | %s | %d | %d MiB | %.1f | %s |",
		r.Dialect, r.Rate, float64(r.Accepted)/r.Took.Seconds(), r.Answers, r.Watches, r.Refused+r.Unwatched,
		r.Memory>>20, r.CPU.Seconds()/r.Took.Seconds(), r.Machine)
}

// Page is docs/load.md.
func Page(results []Result) string {
	o := results[0].Options
	var b strings.Builder
	fmt.Fprintf(&b, page, o.For, o.Connections, o.Services, o.Watched)
	for _, r := range results {
		fmt.Fprintln(&b, r)
	}
	return b.String()
}

const page = `# Planning under load

Written by ` + "`make load`" + `; see [testing](testing.md).

The built program gets signed events over HTTP, for %s over %d connections, about %d services in turn, of which %d in 100 are
watched. Ten times a second an event is about a service of its own. Its watch has begun when the metric store is first asked
about that service; the metric store belongs to the test, as the deploy tools do, and all of it runs on one machine.

Durations are the median, 99 of 100, and the longest. An answer is a 2xx, counted from when the event was sent; the event is on disk by then. A watch is
counted from the 2xx. Where fewer events are accepted than offered, the deploy tools were slowed down by
waiting for answers, and nothing was lost: what is neither accepted nor watched within a minute is counted as lost.

| database | offered per second | accepted per second | answer, ms | watch begins, ms | lost | memory | cores used | machine |
|---|---|---|---|---|---|---|---|---|
`
