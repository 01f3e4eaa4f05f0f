package accuracy

import (
	"fmt"
	"strings"
)

const rareText = "\n## Sparse, flat and short\n\nSeries that are mostly zero, that never move, or that move for a minute or three, seed %d, with no min_effect. Found counts likely or more. Wanted: spikes × 20 at least 60 %% found; a flat rate that falls found by tick 3; no false alarm on flat series.\n"

func (p Page) rare(b *strings.Builder) {
	if len(p.Rare) == 0 {
		return
	}
	fmt.Fprintf(b, rareText, p.Seed)
	b.WriteString("\n")
	tableHead(b, "nothing happens", "history", "watches", "false alarms at likely, %", "at certain, %")
	for _, r := range p.Rare {
		if r.Quiet {
			fmt.Fprintf(b, "| %s | %s | %d | %s | %s |\n", strings.TrimSuffix(r.What, ", nothing happens"), spanName(r.Hours), r.Watches, r.Likely.text(), r.Certain.text())
		}
	}
	b.WriteString("\n")
	tableHead(b, "something happens", "history", "watches", "found by tick", "found at likely, %", "at certain, %")
	for _, r := range p.Rare {
		if !r.Quiet {
			fmt.Fprintf(b, "| %s | %s | %d | %d | %s | %s |\n", r.What, spanName(r.Hours), r.Watches, r.Within, found(r.Likely, r.Watches), found(r.Certain, r.Watches))
		}
	}
}

// found says yes or no where one watch tells all.
func found(s Share, watches int) string {
	switch {
	case watches > 1:
		return s.text()
	case s.Share > 0:
		return "yes"
	}
	return "no"
}
