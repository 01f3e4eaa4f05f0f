package scale

import (
	"fmt"
	"strings"
	"time"
)

const viewersIntro = "# Viewers\n\nMade by `make viewers` in %s on %s (%s); each figure over %s. See [testing](testing.md).\n" + `
What open pages cost. The built program runs as a process of its own, with %d changes of the last day. Beside it on the same machine, and so at its expense, run a scripted metric store and the browsers: each person has
a session, a stream of events and a connection of their own, and asks what the script of the page asks. The change that they look at has %d signals with up to 960 ticks since it was live, and is looked at every %s. While the first
page is open, another change is reported every %s. The last row is the change going bad, so that its signals change places and its page is another one.
`

// viewersPage is docs/viewers.md.
func (r Report) viewersPage() string {
	var b strings.Builder
	fmt.Fprintf(&b, viewersIntro, r.Took.Round(time.Second), r.Began.UTC().Format(time.DateOnly), r.Machine, max(r.For, leastView), others+1, viewSignals, viewEvery, viewEvery)
	var rows []string
	for _, v := range r.Viewing {
		s := v.Sample
		rows = append(rows, fmt.Sprintf("| %s | %s | %d | %.2f | %.2f | %d MiB | %.1f | %.1f | %.0f KiB/s | %d | %s |",
			v.Page, v.Dialect, v.Viewers, s.Cores, s.Beside, s.Memory>>20, s.aSecond(float64(v.Seen.Told)), s.aSecond(float64(v.Seen.Asked)),
			s.aSecond(float64(v.Seen.Bytes))/1024, v.Seen.Wholes, v.Seen.First))
	}
	table(&b, "Open pages", "\"Beside\" are the cores of the metric store and the browsers. The first byte is that of whole pages, when they are opened too: people open them one after the other within "+openWithin.String()+
		". Durations are the median, 99 of 100, and the longest.",
		"| open | database | people | cores | beside | memory | events/s | asked what is new/s | sent | whole pages | first byte, ms |", rows)
	return b.String()
}
