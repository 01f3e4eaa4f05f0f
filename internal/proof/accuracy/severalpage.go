package accuracy

import (
	"fmt"
	"strconv"
	"strings"
)

const severalText = "\n## Several signals\n\nServices with %d signals of one rule, %s of history, seed %d: what one change does to several of them, judged together and found at likely, in brackets the median ticks until then. σ is a signal's standard deviation.\n\n"

func (p Page) several(b *strings.Builder) {
	if len(p.Several) == 0 {
		return
	}
	fmt.Fprintf(b, severalText, severalSignals, spanName(severalSpan.Hours()), p.Seed)
	columns := []string{"signals", "watches", "false alarms at likely, %", "at certain, %"}
	for _, f := range p.Several[0].Found {
		columns = append(columns, f.Shift+": found, %")
	}
	tableHead(b, columns...)
	for _, r := range p.Several {
		line := []string{r.What, strconv.Itoa(r.Watches), r.Likely.text(), r.Certain.text()}
		for _, f := range r.Found {
			line = append(line, foundAfter(f.Likely, f.Ticks))
		}
		tableRow(b, line...)
	}
}
