package accuracy

import (
	"fmt"
	"strings"
)

const severalText = "\n## Several signals\n\nServices with %d signals of one rule, %s of history, seed %d: what one change does to several of them, judged together and found at likely, in brackets the median ticks until then. σ is a signal's standard deviation.\n\n"

func (p Page) several(b *strings.Builder) {
	if len(p.Several) == 0 {
		return
	}
	fmt.Fprintf(b, severalText, severalSignals, spanName(severalSpan.Hours()), p.Seed)
	b.WriteString("| signals | watches | false alarms at likely, % | at certain, % |")
	for _, f := range p.Several[0].Found {
		fmt.Fprintf(b, " %s: found, %% |", f.Shift)
	}
	b.WriteString("\n|---|---|---|---|" + strings.Repeat("---|", len(p.Several[0].Found)) + "\n")
	for _, r := range p.Several {
		fmt.Fprintf(b, "| %s | %d | %s | %s |", r.What, r.Watches, r.Likely.text(), r.Certain.text())
		for _, f := range r.Found {
			fmt.Fprintf(b, " %s (%d) |", share(f.Likely), f.Ticks)
		}
		b.WriteString("\n")
	}
}
