package accuracy

import (
	"fmt"
	"strings"
)

const warmupText = "\n## Warm-ups\n\nServices that every deploy makes twice as slow for three minutes, or as said, with %d days of history, seed %d, no min_effect and no `settle`. The next deploy does the same, and in the last column stays 30 %% slower. The services with errors have %d requests a minute, and a min_effect of .1 points. Wanted: at most 1 %% false alarms at likely, and 80 %% found.\n\n"

func (p Page) warmups(b *strings.Builder) {
	if len(p.Warmups) == 0 {
		return
	}
	fmt.Fprintf(b, warmupText, warmupHistory/dayTicks, p.Seed, requestsAMinute)
	tableHead(b, "service", "watches", "false alarms at likely, %", "at certain, %", "regression found at likely, %", "median ticks")
	for _, r := range p.Warmups {
		fmt.Fprintf(b, "| %s | %d | %s | %s | %s | %d |\n", r.What, r.Watches, r.Likely.text(), r.Certain.text(), r.Found.text(), r.Ticks)
	}
}
